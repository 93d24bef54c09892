"""The requests that the sandbox received, to be counted; bodies and headers are never kept."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 200_000
"""The number of requests that are kept; older ones are dropped, so that a sandbox may run for days."""

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(slots=True)
class Request:
    """One request and the status of its answer, without any secret.

    `status` is 0 until the request is answered, and stays 0 if a fault dropped the connection. `query` does not contain
    `__unsafe_token`, which is a credential.
    """

    product: str
    method: str
    path: str
    query: dict[str, str]
    at: float
    status: int = 0
    fault: str | None = None

    def as_json(self) -> dict[str, object]:
        """Return the request as the admin prefix lists it."""
        return {
            "product": self.product,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "at": self.at,
            "fault": self.fault,
        }


class RequestLog:
    """The requests in the order in which they arrived."""

    def __init__(self, kept: int = KEPT) -> None:
        self._requests: deque[Request] = deque(maxlen=kept)

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[Request]:
        return iter(tuple(self._requests))

    def __getitem__(self, index: int) -> Request:
        return self._requests[index]

    def add(self, request: Request) -> None:
        """Add a request that has just arrived."""
        self._requests.append(request)

    def clear(self) -> None:
        """Remove all requests, so that a test can count from here."""
        self._requests.clear()

    def matching(self, *, product: str = "*", method: str = "*", path: str = "*") -> list[Request]:
        """Return the requests of a product and method whose path matches a glob."""
        return [
            one
            for one in self._requests
            if fnmatchcase(one.product, product)
            and fnmatchcase(one.method, method.upper())
            and fnmatchcase(one.path, path)
        ]

    def count(self, *, product: str = "*", method: str = "*", path: str = "*") -> int:
        """Return the number of requests of a product and method whose path matches a glob."""
        return len(self.matching(product=product, method=method, path=path))

    def writes(self, product: str = "*") -> list[Request]:
        """Return the requests whose method changes something; a login is one of them, since it is a PUT."""
        return [one for one in self.matching(product=product) if one.method in WRITES]

    def counts(self) -> dict[str, int]:
        """Return the number of requests by `product METHOD path`, most frequent first."""
        counted = Counter(f"{one.product} {one.method} {one.path}" for one in self._requests)
        return dict(counted.most_common())

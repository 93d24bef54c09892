"""Faults: failures of real networks and servers, produced when a test or a trial asks for them.

| kind        | what happens to the request |
|-------------|-----------------------------|
| `latency`   | it waits `seconds`, then continues to the next fault that applies, or to the product |
| `error`     | it is answered with `status` (default 503) and `body`; nothing takes effect |
| `throttled` | it is answered with 429 and `Retry-After: seconds`; nothing takes effect |
| `reset`     | the connection is reset before anything takes effect |
| `lost`      | it takes effect, then the connection is reset: the answer is lost |
| `late`      | it takes effect at once, the answer is sent `seconds` later |
| `malformed` | it takes effect, and the body of the answer is cut in half (or is `body`, if given) |

A fault matches requests by product, method and path. `after` is the number of matching requests that pass first,
`times` the number that it then applies to; without it the fault is active until it is cleared. The first fault that
applies decides, after all latencies.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FaultKind = Literal["latency", "error", "throttled", "reset", "lost", "late", "malformed"]
REGEX = "re:"


class Fault(BaseModel):
    """One fault of the table above. `path` is a glob over the path without query, or `re:` and a regex."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    product: Literal["*", "jitsu", "jitterbit", "adapter", "gateway"] = "*"
    method: str = "*"
    path: str = "*"
    times: int | None = Field(default=None, ge=1)
    after: int = Field(default=0, ge=0)
    seconds: float = Field(default=1.0, ge=0)
    status: int = Field(default=503, ge=100, le=599)
    body: str | None = None

    @field_validator("path")
    @classmethod
    def _regex_compiles(cls, path: str) -> str:
        if path.startswith(REGEX):
            try:
                re.compile(path.removeprefix(REGEX))
            except re.error as error:
                message = f"write a glob, or re: and a regular expression ({error})"
                raise ValueError(message) from error
        return path

    def fits(self, product: str, method: str, path: str) -> bool:
        """Return whether the fault is meant for a request."""
        if self.product not in ("*", product) or self.method.upper() not in ("*", method):
            return False
        if self.path.startswith(REGEX):
            return re.search(self.path.removeprefix(REGEX), path) is not None
        return fnmatchcase(path, self.path)


class Faults:
    """The active faults, in the order in which they were added."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._armed: dict[int, _Armed] = {}
        self._next = 1
        for fault in faults:
            self.add(fault)

    def __len__(self) -> int:
        return len(self._armed)

    def add(self, fault: Fault) -> int:
        """Add a fault and return the number by which it can be cleared."""
        number = self._next
        self._next += 1
        self._armed[number] = _Armed(fault)
        return number

    def clear(self, number: int | None = None) -> bool:
        """Remove one fault, or all of them, and return whether there was any."""
        if number is not None:
            return self._armed.pop(number, None) is not None
        any_left = bool(self._armed)
        self._armed.clear()
        return any_left

    def strike(self, product: str, method: str, path: str) -> list[Fault]:
        """Return the faults that apply to a request, latencies first, and count it for each of them."""
        struck: list[Fault] = []
        for number, armed in list(self._armed.items()):
            if not armed.strikes(product, method, path):
                continue
            if armed.spent:
                del self._armed[number]
            struck.append(armed.fault)
            if armed.fault.kind != "latency":
                break
        return struck

    def listed(self) -> list[dict[str, object]]:
        """Return the active faults as the admin prefix lists them, with the number of requests that each applied to."""
        return [
            {"id": number, "struck": armed.struck, **armed.fault.model_dump(mode="json")}
            for number, armed in self._armed.items()
        ]


class _Armed:
    """A fault with its count."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0
        self.struck = 0

    def strikes(self, product: str, method: str, path: str) -> bool:
        """Return whether the fault applies to this request, and count the request."""
        if not self.fault.fits(product, method, path):
            return False
        self.seen += 1
        if self.seen <= self.fault.after:
            return False
        self.struck += 1
        return True

    @property
    def spent(self) -> bool:
        """Whether the fault has applied as often as it should."""
        return self.fault.times is not None and self.struck >= self.fault.times


def load(path: Path) -> list[Fault]:
    """Return the faults of a YAML file: a list, or a mapping whose `faults` is one."""
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    if isinstance(content, dict):
        content = content.get("faults", [])
    return TypeAdapter(list[Fault]).validate_python(content)

"""Faults on order: what real networks and real servers do, done when a test or a trial asks for it.

| kind        | what happens to the request |
|-------------|-----------------------------|
| `latency`   | it waits `seconds`, then goes on, into the next fault that fits or into the product |
| `error`     | it is answered with `status` (503 unless told) and `body`; nothing takes effect |
| `throttled` | it is answered with 429 and `Retry-After: seconds`; nothing takes effect |
| `reset`     | the connection is reset before anything takes effect |
| `lost`      | it takes effect, then the connection is reset: the answer is lost |
| `late`      | it takes effect at once, the answer comes `seconds` later |
| `malformed` | it takes effect, and the body of the answer is cut in half (or is `body`, if given) |

A fault fits by product, method and path; `after` lets so many fitting requests pass first; `times` says how
many it then strikes, none meaning until it is cleared. The first fault that fits decides, after all latencies
were waited for.
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
    """One order of the table above. `path` is a glob over the path without query, or `re:` and a regex."""

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
        """Tell whether a request is one of those that this fault is meant for."""
        if self.product not in ("*", product) or self.method.upper() not in ("*", method):
            return False
        if self.path.startswith(REGEX):
            return re.search(self.path.removeprefix(REGEX), path) is not None
        return fnmatchcase(path, self.path)


class Faults:
    """The faults in force, in the order in which they were ordered."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._armed: dict[int, _Armed] = {}
        self._next = 1
        for fault in faults:
            self.add(fault)

    def __len__(self) -> int:
        return len(self._armed)

    def add(self, fault: Fault) -> int:
        """Order a fault and give the number under which it can be cleared."""
        number = self._next
        self._next += 1
        self._armed[number] = _Armed(fault)
        return number

    def clear(self, number: int | None = None) -> bool:
        """Take back one fault, or all of them; tell whether there was any."""
        if number is not None:
            return self._armed.pop(number, None) is not None
        any_left = bool(self._armed)
        self._armed.clear()
        return any_left

    def strike(self, product: str, method: str, path: str) -> list[Fault]:
        """Give what happens to a request, latencies first, and count it against the faults that were used."""
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
        """Give the faults in force as the admin prefix lists them, with how often each struck."""
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
        """Tell whether the fault strikes this request, and count it."""
        if not self.fault.fits(product, method, path):
            return False
        self.seen += 1
        if self.seen <= self.fault.after:
            return False
        self.struck += 1
        return True

    @property
    def spent(self) -> bool:
        """Whether the fault has struck as often as it was told to."""
        return self.fault.times is not None and self.struck >= self.fault.times


def load(path: Path) -> list[Fault]:
    """Read faults from a YAML file: a list, or a mapping whose `faults` is one."""
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    if isinstance(content, dict):
        content = content.get("faults", [])
    return TypeAdapter(list[Fault]).validate_python(content)

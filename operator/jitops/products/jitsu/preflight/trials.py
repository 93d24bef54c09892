"""What a console tries for us before anything is written: connections of destinations and services, runs of functions.

The calls stand in the console's own source; only the refusal of a console without a data plane was observed
(docs/reference/jitsu.md section 4). So any answer that is not plainly a success is shown as what is wrong, cleaned of
secrets.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitops.core.errors import NotYet, PreflightFailed, SpecInvalid, Unavailable
from jitops.products.jitsu.errors import NoRoute, Unoffered
from jitops.remote.exchange import segment
from jitops.remote.redaction import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitops.core.clock import Clock
    from jitops.core.kube import JSON
    from jitops.remote.client import Http

LOOK_AGAIN = 3.0
"""Seconds between two looks for the outcome of a trial that goes on."""
LONGEST_TRIAL = 300.0
"""Seconds after which a trial that goes on will not end any more: it starts a container, which may be pulled first."""
LONGEST_SENTENCE = 200
SILENT = "the console does not say why"

Body = Mapping[str, "JSON"]


@dataclass(frozen=True, slots=True)
class _Pending:
    """A trial of a service that goes on."""

    key: str
    body: Body = field(repr=False)
    since: float


@dataclass(frozen=True, slots=True)
class Run:
    """How a function's run on one event ended."""

    error: str | None
    dropped: bool
    result: JSON = field(repr=False)


class Trials:
    """What one console tries, and which of it goes on."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._pending: dict[str, _Pending] = {}

    async def destination(self, body: Body, secrets: Iterable[str]) -> str | None:
        """Connect to a destination; return what is wrong, None if it works."""
        path = f"{_workspace(body)}/config/destination/test"
        with _offered():
            answer = await self._http.request("POST", path, body=body, who=f"test {body['id']}", secrets=secrets)
        return self._complaint(answer.json, secrets)

    async def service(self, body: Body, secrets: Iterable[str]) -> str | None:
        """Connect to a service's source; NotYet while the console is at it."""
        id_, pending = body["id"], self._pending.get(body["id"])
        if pending is None or pending.body != body:
            return await self._begin(body, secrets)
        with _offered():
            answer = await self._http.request("GET", _check(body, pending.key), who=f"test {id_}")
        if answer.json.get("pending"):
            if self._clock.monotonic() - pending.since > LONGEST_TRIAL:
                del self._pending[id_]
                raise Unoffered(f"the trial did not end within {LONGEST_TRIAL:.0f} seconds")
            raise _under_way()
        del self._pending[id_]
        return self._complaint(answer.json, secrets)

    async def _begin(self, body: Body, secrets: Iterable[str]) -> str | None:
        """Have a trial begin; its outcome is stored under a key that we choose, and that begins with the workspace."""
        key = f"{body['workspaceId']}_{body['id']}_{randomness.token_hex(8)}"
        with _offered():
            answer = await self._http.request(
                "POST", _check(body, key), body=body, who=f"test {body['id']}", secrets=secrets
            )
        if not answer.json.get("pending"):
            return self._complaint(answer.json, secrets)
        self._pending[body["id"]] = _Pending(key, body, self._clock.monotonic())
        raise _under_way()

    async def function(self, body: Body) -> Run:
        """Run a function on one event."""
        with _offered():
            answer = await self._http.request(
                "POST", f"{_workspace(body)}/function/run", body=body, who=f"run {body['functionId']}"
            )
        told, error = answer.json, answer.json.get("error")
        result = told.get("result")
        failed = self._sentence(error, ()) if error else None
        return Run(failed, dropped=bool(told.get("dropped")) or result == "drop", result=result)

    def _complaint(self, told: Body, secrets: Iterable[str]) -> str | None:
        if told.get("ok") is True:
            return None
        return f"the connection test failed: {self._sentence(told.get('error'), secrets)}"

    def _sentence(self, error: JSON, secrets: Iterable[str]) -> str:
        """Give the console's own words, cleaned: drivers repeat addresses with passwords in them."""
        text = error.get("message") if isinstance(error, Mapping) else error
        clean = self._http.redactor.clean(text, secrets) if isinstance(text, str) else ""
        return shorten(clean, LONGEST_SENTENCE) or SILENT


def _workspace(body: Body) -> str:
    return f"/api/{segment(body['workspaceId'])}"


def _check(body: Body, key: str) -> str:
    return f"{_workspace(body)}/sources/check?storageKey={segment(key)}"


def _under_way() -> NotYet:
    return NotYet("the console is trying the connection", after=LOOK_AGAIN)


@contextmanager
def _offered() -> Iterator[None]:
    """Tell a console that is too old to try anything from one that answers at another address."""
    try:
        yield
    except NoRoute:
        raise Unoffered("this console is too old for it") from None


Trial = Callable[[], Awaitable[Iterable[str]]]


async def preflight(validation: str, trial: Trial) -> tuple[str, ...]:
    """Try what is to be written as `spec.validation` says: give what is wrong as warnings, or forbid the write.

    What can't be tried is written under Warn, which says so, and not under Enforce, which an outage holds up.
    """
    if validation == "Off":
        return ()
    try:
        complaints = tuple(await trial())
    except SpecInvalid as refused:
        complaints = (str(refused),)
    except Unoffered as unoffered:
        complaints = (f"can't be tried: {unoffered}",)
    except Unavailable as unavailable:
        if validation == "Enforce":
            raise
        complaints = (f"can't be tried: {unavailable}",)
    if complaints and validation == "Enforce":
        raise PreflightFailed(f"nothing was written, as spec.validation is Enforce: {'; '.join(complaints)}")
    return complaints

"""The preflight: the console tests connections and runs functions before anything is written.

The calls are known from the console's source; only the error of a console without a data plane was observed
(docs/reference/jitsu.md section 4). So every answer that is not clearly a success is reported as a failure, with the
secrets removed.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitops.core.errors import NotYet, PreflightFailed, SpecInvalid, Unavailable
from jitops.products.jitsu.errors import NoRoute, PreflightUnavailable
from jitops.remote.exchange import segment
from jitops.remote.redaction import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitops.core.clock import Clock
    from jitops.core.kube import JSON
    from jitops.remote.client import Http

POLL_INTERVAL = 3.0
"""Seconds between two requests for the result of a connection test."""
LONGEST_TEST = 300.0
"""Seconds after which a connection test is given up. It starts a container, whose image may have to be pulled first."""
LONGEST_REASON = 200
NO_REASON = "the console does not report why"

Body = Mapping[str, "JSON"]


@dataclass(frozen=True, slots=True)
class _Pending:
    """A connection test of a service that is running; `since` is a monotonic time."""

    key: str
    body: Body = field(repr=False)
    since: float


@dataclass(frozen=True, slots=True)
class FunctionRun:
    """The result of running a function on one event."""

    error: str | None
    dropped: bool
    result: JSON = field(repr=False)


class ConsolePreflight:
    """The preflight calls on one console, and the connection tests that are running."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._pending: dict[str, _Pending] = {}

    async def destination(self, body: Body, secrets: Iterable[str]) -> str | None:
        """Test the connection to a destination; return what failed, None if it works."""
        path = f"{_workspace(body)}/config/destination/test"
        with _offered():
            answer = await self._http.request("POST", path, body=body, who=f"test {body['id']}", secrets=secrets)
        return self._failure(answer.json, secrets)

    async def service(self, body: Body, secrets: Iterable[str]) -> str | None:
        """Test the connection of a service to its source; NotYet while the test runs."""
        id_, pending = body["id"], self._pending.get(body["id"])
        if pending is None or pending.body != body:
            return await self._start(body, secrets)
        with _offered():
            answer = await self._http.request("GET", _check(body, pending.key), who=f"test {id_}")
        if answer.json.get("pending"):
            if self._clock.monotonic() - pending.since > LONGEST_TEST:
                del self._pending[id_]
                raise PreflightUnavailable(f"the connection test did not end within {LONGEST_TEST:.0f} seconds")
            raise _is_running()
        del self._pending[id_]
        return self._failure(answer.json, secrets)

    async def _start(self, body: Body, secrets: Iterable[str]) -> str | None:
        """Start a test. The caller chooses the key that its result is stored under; it begins with the workspace id."""
        key = f"{body['workspaceId']}_{body['id']}_{randomness.token_hex(8)}"
        with _offered():
            answer = await self._http.request(
                "POST", _check(body, key), body=body, who=f"test {body['id']}", secrets=secrets
            )
        if not answer.json.get("pending"):
            return self._failure(answer.json, secrets)
        self._pending[body["id"]] = _Pending(key, body, self._clock.monotonic())
        raise _is_running()

    async def function(self, body: Body) -> FunctionRun:
        """Run a function on one event, and return the result."""
        with _offered():
            answer = await self._http.request(
                "POST", f"{_workspace(body)}/function/run", body=body, who=f"run {body['functionId']}"
            )
        outcome: Body = answer.json
        result, error = outcome.get("result"), outcome.get("error")
        failure = self._reason(error, ()) if error else None
        return FunctionRun(failure, dropped=bool(outcome.get("dropped")) or result == "drop", result=result)

    def _failure(self, outcome: Body, secrets: Iterable[str]) -> str | None:
        if outcome.get("ok") is True:
            return None
        return f"the connection test failed: {self._reason(outcome.get('error'), secrets)}"

    def _reason(self, error: JSON, secrets: Iterable[str]) -> str:
        """Return the console's message without secrets: database drivers repeat addresses with passwords."""
        text = error.get("message") if isinstance(error, Mapping) else error
        clean = self._http.redactor.clean(text, secrets) if isinstance(text, str) else ""
        return shorten(clean, LONGEST_REASON) or NO_REASON


def _workspace(body: Body) -> str:
    return f"/api/{segment(body['workspaceId'])}"


def _check(body: Body, key: str) -> str:
    return f"{_workspace(body)}/sources/check?storageKey={segment(key)}"


def _is_running() -> NotYet:
    return NotYet("the console is testing the connection", after=POLL_INTERVAL)


@contextmanager
def _offered() -> Iterator[None]:
    """Raise PreflightUnavailable for a console that does not know the call: it is too old, its address is right."""
    try:
        yield
    except NoRoute:
        raise PreflightUnavailable("this console is too old") from None


Test = Callable[[], Awaitable[Iterable[str]]]
"""Runs a test and returns its failures."""


async def run_preflight(validation: str, test: Test) -> tuple[str, ...]:
    """Run a test according to `spec.validation`; return the failures as warnings (Warn), or raise them (Enforce).

    If the test can't be run, Warn writes the object and reports that. Enforce does not write it: it raises
    PreflightFailed, or during an outage Unavailable.
    """
    if validation == "Off":
        return ()
    try:
        failures = tuple(await test())
    except SpecInvalid as rejected:
        failures = (str(rejected),)
    except PreflightUnavailable as error:
        failures = (f"can't be tested: {error}",)
    except Unavailable as unavailable:
        if validation == "Enforce":
            raise
        failures = (f"can't be tested: {unavailable}",)
    if failures and validation == "Enforce":
        raise PreflightFailed(f"nothing was written, as spec.validation is Enforce: {'; '.join(failures)}")
    return failures

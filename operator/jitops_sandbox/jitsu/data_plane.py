"""Tests of connections and runs of functions, which the console delegates to its data plane.

Without a data plane the errors are as recorded (docs/reference/jitsu.md section 4); with one, the answers are modelled
on the console's source. Nothing is connected and no JavaScript is executed: `DataPlane` decides how a test ends, and of
a function's code only `throw new Error("…")` and `return "drop"` are recognised.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jitops_sandbox.answers import Answer, answer
from jitops_sandbox.jitsu import zod
from jitops_sandbox.jitsu.configs import TYPES
from jitops_sandbox.jitsu.errors import UnexpectedError
from jitops_sandbox.jitsu.state import DataPlane

if TYPE_CHECKING:
    from jitops_sandbox.jitsu.context import Context

THROWN = re.compile(r"""throw new Error\((["'`])(?P<sentence>.*?)\1\)""")
DROPPED = re.compile(r"""return (["'`])drop\1""")


def try_connection(context: Context) -> Answer:
    """Test the connection to a destination, after a validation of its body."""
    plane = _needed(context, "BULKER_URL", "defined")
    TYPES[context.path["type"]].parse(context.body)
    return answer({"ok": True} if plane.error is None else {"error": plane.error})


def begin_check(context: Context) -> Answer:
    """Start the test of a service, or answer why it can't be tested."""
    plane = _needed(context, "SYNCCTL_URL", "set. Sync Controller is required to run sources")
    key = context.call.query.get("storageKey", "")
    if not key.startswith(context.workspace):
        return answer({"ok": False, "error": "storageKey doesn't belong to the current workspace"})
    TYPES["service"].parse(context.body)
    plane.checks[key] = context.state.clock.monotonic()
    return answer({"ok": False, "pending": True})


def read_check(context: Context) -> Answer:
    """Answer the result of a service's test; a test that was never started is pending for ever."""
    context.verify_access()
    plane = context.state.data_plane or DataPlane()
    began = plane.checks.get(context.call.query.get("storageKey", ""))
    if began is None or context.state.clock.monotonic() - began < plane.seconds:
        return answer({"ok": False, "pending": True})
    return answer({"ok": True} if plane.error is None else {"ok": False, "error": plane.error})


def run_function(context: Context) -> Answer:
    """Run a function on an event."""
    _needed(context, "ROTOR_URL", "set. Rotor is required to run functions")
    given: dict[str, Any] = {} if context.body is zod.UNDEFINED else dict(context.body)
    code = str(given["code"])
    ended: dict[str, Any] = {"store": given.get("store") or {}, "logs": []}
    if thrown := THROWN.search(code):
        return answer({**ended, "error": {"name": "Error", "message": thrown["sentence"]}, "result": given["event"]})
    dropped = DROPPED.search(code) is not None
    return answer({**ended, "dropped": dropped, "result": "drop" if dropped else given["event"]})


def _needed(context: Context, variable: str, absence: str) -> DataPlane:
    """Return the data plane, or raise as a console without one does."""
    context.verify_access()
    if context.state.data_plane is None:
        raise UnexpectedError(f"env {variable} is not {absence}")
    return context.state.data_plane

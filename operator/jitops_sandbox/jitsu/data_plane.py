"""What the console has its data plane try: connections, and runs of functions.

Of a console without a data plane the refusals are as recorded (docs/reference/jitsu.md section 4); with one, this is
modelled on the console's own source. Nothing is connected to and no JavaScript is executed: `DataPlane` says how a test
ends, and of a function's code only `throw new Error("…")` and `return "drop"` are understood.
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
    """Connect to a destination, whose body is validated first."""
    plane = _needed(context, "BULKER_URL", "defined")
    TYPES[context.path["type"]].parse(context.body)
    return answer({"ok": True} if plane.error is None else {"error": plane.error})


def begin_check(context: Context) -> Answer:
    """Begin to test a service, or say at once that it can't be."""
    plane = _needed(context, "SYNCCTL_URL", "set. Sync Controller is required to run sources")
    key = context.call.query.get("storageKey", "")
    if not key.startswith(context.workspace):
        return answer({"ok": False, "error": "storageKey doesn't belong to the current workspace"})
    TYPES["service"].parse(context.body)
    plane.checks[key] = context.state.clock.monotonic()
    return answer({"ok": False, "pending": True})


def read_check(context: Context) -> Answer:
    """Tell how a service's test ended; one that was never begun is pending for ever."""
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
    """Refuse as a console does that was not told where its data plane is."""
    context.verify_access()
    if context.state.data_plane is None:
        raise UnexpectedError(f"env {variable} is not {absence}")
    return context.state.data_plane

"""The tests of a function: the request that runs one, and the comparison with the expected result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitops.core.kube import JSON
    from jitops.products.jitsu.function.expectations import FunctionTest
    from jitops.products.jitsu.preflight.console import FunctionRun


def run_request(function: Mapping[str, JSON], test: FunctionTest) -> dict[str, JSON]:
    """Return the body of the call that runs a function on the event of a test, with an empty store."""
    return {
        "functionId": function["id"],
        "functionName": function["name"],
        "workspaceId": function["workspaceId"],
        "code": function["code"],
        "event": test.event,
        "config": test.options or {},
        "store": {},
    }


def mismatch(test: FunctionTest, run: FunctionRun) -> str | None:
    """Return how the result of a run differs from the expected one; None if it does not."""
    expected, outcome = test.expect, _outcome(run)
    if outcome != expected.outcome:
        because = f" with {run.error}" if run.error else ""
        return f"the outcome is {outcome}{because}, expected {expected.outcome}"
    if expected.event is None:
        return None
    events = run.result if isinstance(run.result, list) else [run.result]
    missed = [differing(event, expected.event) for event in events]
    if not all(missed):
        return None
    return f"the event differs in {', '.join(missed[0])}"


def _outcome(run: FunctionRun) -> str:
    if run.error is not None:
        return "Failed"
    return "Dropped" if run.dropped else "Passed"


def differing(actual: JSON, expected: Mapping[str, JSON], where: str = "") -> list[str]:
    """Return the paths of the expected fields that a value does not have, or has with another value."""
    found: Mapping[str, JSON] = actual if isinstance(actual, Mapping) else {}
    paths: list[str] = []
    for name, value in expected.items():
        if isinstance(value, Mapping) and value:
            paths += differing(found.get(name), value, f"{where}{name}.")
        elif name not in found or found[name] != value:
            paths.append(f"{where}{name}")
    return paths

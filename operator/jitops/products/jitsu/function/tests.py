"""The tests of a function: what is sent to have one run, and whether the run ended as it was to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitops.core.kube import JSON
    from jitops.products.jitsu.function.expectations import FunctionTest
    from jitops.products.jitsu.preflight.trials import Run


def run_of(function: Mapping[str, JSON], test: FunctionTest) -> dict[str, JSON]:
    """Write the body that has a function run on a test's event, with an empty store."""
    return {
        "functionId": function["id"],
        "functionName": function["name"],
        "workspaceId": function["workspaceId"],
        "code": function["code"],
        "event": test.event,
        "config": test.options or {},
        "store": {},
    }


def disappointment(test: FunctionTest, run: Run) -> str | None:
    """Say how a run ended otherwise than its test expects; None if it did not."""
    expected, outcome = test.expect, _outcome(run)
    if outcome != expected.outcome:
        because = f" with {run.error}" if run.error else ""
        return f"ended as {outcome}{because}, not as {expected.outcome}"
    if expected.event is None:
        return None
    events = run.result if isinstance(run.result, list) else [run.result]
    missed = [differing(event, expected.event) for event in events]
    if not all(missed):
        return None
    return f"the event differs in {', '.join(missed[0])}"


def _outcome(run: Run) -> str:
    if run.error is not None:
        return "Failed"
    return "Dropped" if run.dropped else "Passed"


def differing(actual: JSON, expected: Mapping[str, JSON], where: str = "") -> list[str]:
    """Name the expected fields, with dots into maps, that a value lacks or has otherwise."""
    found: Mapping[str, JSON] = actual if isinstance(actual, Mapping) else {}
    paths: list[str] = []
    for name, value in expected.items():
        if isinstance(value, Mapping) and value:
            paths += differing(found.get(name), value, f"{where}{name}.")
        elif name not in found or found[name] != value:
            paths.append(f"{where}{name}")
    return paths

"""How well a key's budget at the console is used: 600 streams created at once, by a key of 120 POSTs a minute.

`python benchmarks/budget.py [--streams 600]` runs the operator's own code over a store in memory, against the sandbox
with the console's real minute: 600 streams take five of them. It prints what was waiting meanwhile, and ends with
code 1 unless no call was refused, 98% of the budget were used, and every stream that waited said for what.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from jitops.api.meta import API_VERSION
from jitops.api.reasons import ConditionType, Reason
from jitops.core.clock import SystemClock
from jitops.core.kube import Resource
from jitops.core.status.conditions import find
from jitops.local.running import Running, running
from jitops.local.store import LocalStore
from jitops_sandbox import Sandbox

NAMESPACE = "bench"
LIMIT = 120
"""The console's POSTs a minute and key (docs/reference/jitsu.md section 7)."""
SHARE = 0.98
"""The part of the budget that has to be used."""
LOOK = 30.0
"""Seconds between two looks at the conditions; whoever waits longer than ten must have said so by then."""
TICK = 0.1
WAITING = (ConditionType.RECONCILING, Reason.THROTTLED)


@dataclass(frozen=True)
class Look:
    """What the conditions told at one moment: how many were Ready, and how those that weren't explained it."""

    at: float
    ready: int
    others: Counter[tuple[str, str]]
    example: str


@dataclass(frozen=True)
class Run:
    """One rush: seconds from the first manifest to the last POST, answers of 429, and the looks in between."""

    streams: int
    seconds: float
    refused: int
    gets: int
    most_statuses: int
    looks: list[Look]

    @property
    def least(self) -> float:
        """Give the seconds that the console's sliding minute needs: what went at once counts a minute later, too."""
        return 60.0 * self.streams / LIMIT

    @property
    def share(self) -> float:
        """Give the used part of the budget."""
        return self.least / self.seconds

    @property
    def good(self) -> bool:
        """Tell whether this is as it should be."""
        return not self.refused and self.share >= SHARE and all(set(look.others) <= {WAITING} for look in self.looks)


async def rush(count: int) -> Run:
    """Create the streams at once and wait for the last one."""
    clock = SystemClock()
    store, looks = LocalStore(clock), list[Look]()
    store.namespaces[NAMESPACE] = {}
    async with Sandbox.start(clock=clock) as sandbox, running(store, clock, "bench") as work:
        for manifest in _connection(sandbox):
            store.apply(manifest)
        await _until(work, lambda: all(map(work.is_ready, work.resources())))
        sandbox.requests.clear()
        store.writes.clear()
        began, began_at = clock.monotonic(), clock.now().timestamp()
        for number in range(count):
            store.apply(_manifest("JitsuStream", f"s{number:04}", {"workspaceRef": {"name": "acme"}}))

        def over() -> bool:
            seconds = clock.monotonic() - began
            if seconds >= LOOK * (len(looks) + 1):
                looks.append(_look(store.list("JitsuStream"), seconds))
                _tell(looks[-1])
            return all(map(_is_ready, store.list("JitsuStream")))

        await _until(work, over)
        posts = sandbox.requests.matching(method="POST")
        statuses = Counter(key for verb, key in store.writes if verb == "status")
        return Run(
            streams=count,
            seconds=max(one.at for one in posts) - began_at,
            refused=sum(one.status == 429 for one in sandbox.requests),
            gets=sandbox.requests.count(method="GET"),
            most_statuses=max(statuses.values()),
            looks=looks,
        )


async def _until(work: Running, is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(TICK)
        if work.task.done():
            work.task.result()


def _look(streams: Collection[Resource], at: float) -> Look:
    waiting = [one for one in streams if not _is_ready(one)]
    told = [find(one.status, ConditionType.RECONCILING) for one in waiting]
    reasons = Counter((str(one.get("type")), str(one.get("reason"))) for one in told)
    return Look(at, len(streams) - len(waiting), reasons, str(told[-1].get("message")) if told else "")


def _is_ready(stream: Resource) -> bool:
    return bool(find(stream.status, ConditionType.READY).get("status") == "True")


def _connection(sandbox: Sandbox) -> tuple[dict[str, object], dict[str, object]]:
    meta = {"name": "acme", "namespace": NAMESPACE}
    key = {"apiKey": sandbox.credentials.api_key}
    spec = {"baseUrl": sandbox.jitsu_url, "workspace": "acme", "credentialsRef": {"name": "acme"}}
    secret: dict[str, object] = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": key}
    return secret, _manifest("JitsuWorkspace", "acme", spec)


def _manifest(kind: str, name: str, spec: Mapping[str, object]) -> dict[str, object]:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


def _tell(look: Look) -> None:
    others = ", ".join(f"{count} {kind}/{reason}" for (kind, reason), count in look.others.items())
    print(f"{look.at:5.0f} s: {look.ready} ready, {others or 'none waits'}: {look.example}", file=sys.stderr)


def _print(run: Run) -> None:
    table = Table("streams", "429", "seconds", "least possible", "budget used", "GETs", "most status writes of one")
    table.add_row(
        str(run.streams),
        str(run.refused),
        f"{run.seconds:.1f}",
        f"{run.least:.1f}",
        f"{run.share:.1%}",
        str(run.gets),
        str(run.most_statuses),
    )
    Console(width=120).print(table)


def main() -> int:
    """Run the rush, print the figures, and judge them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=5 * LIMIT)
    streams = parser.parse_args().streams
    if streams <= LIMIT:
        parser.error(f"argument --streams: {streams} need no waiting; take more than {LIMIT}")
    run = asyncio.run(rush(streams))
    _print(run)
    return 0 if run.good else 1


if __name__ == "__main__":
    sys.exit(main())

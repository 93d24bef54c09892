"""One converging pass over a local store: manifests taken in, what left them deleted, everything waited for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jitops.api.reasons import Reason
from jitops.api.schema.model import InvalidSpec, validate_spec
from jitops.core.clock import SystemClock
from jitops.local.documents import is_ours
from jitops.local.manifests import SPECS, ManifestsRefused
from jitops.local.progress import WAITING, Row, row_of
from jitops.local.running import running
from jitops.local.store import LocalStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jitops.core.kube import Key, Resource
    from jitops.local.folder import Folder
    from jitops.local.manifests import Manifest
    from jitops.local.progress import Progress
    from jitops.local.running import Running

TIMEOUT = 120.0
TICK = 0.05
"""Seconds between two looks at how things are."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pass ended."""

    rows: Sequence[Row]
    unready: Sequence[Row]
    """What is not as the manifests ask."""
    lingering: Sequence[Key]
    """Secrets that left the manifests while something still needs them."""

    @property
    def complete(self) -> bool:
        """Tell whether all is as the manifests ask."""
        return not self.unready and not self.lingering

    def complaints(self) -> list[str]:
        """Say what is missing, in a line each."""
        held = (f"{key}: left the manifests and is still in use; delete what uses it too" for key in self.lingering)
        return [*(row.sentence() for row in self.unready), *held]


async def apply(
    manifests: Sequence[Manifest],
    folder: Folder,
    progress: Progress,
    *,
    cluster_id: str | None = None,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - not a cancellation: the pass ends in order and tells how far it came
) -> Outcome:
    """Make the remotes as the manifests say; ManifestsRefused, before anything is done, if that can't be asked."""
    clock = SystemClock()
    store = LocalStore(clock, folder)
    _refuse(manifests, store)
    identity = folder.identity(cluster_id)
    _take_in(manifests, store)
    async with running(store, clock, identity) as work:
        converging = _Pass(manifests, folder, work, progress)
        await converging.run(clock.monotonic() + timeout)
        return converging.outcome()


def _refuse(manifests: Sequence[Manifest], store: LocalStore) -> None:
    """Refuse what the API server would refuse for what it holds already."""
    ours = {holder.key for holder in store.data_objects() if is_ours(holder)}
    faults = [fault for manifest in manifests for fault in _faults(manifest, store.get(manifest.key), ours)]
    if faults:
        raise ManifestsRefused(tuple(faults))


def _faults(manifest: Manifest, known: Resource | None, ours: set[Key]) -> Iterator[str]:
    if manifest.key in ours:
        what = f"a {manifest.key.kind} that jitops wrote"
        yield f"{manifest.place}: metadata.name: is the name of {what}; choose another one"
    if known is not None:
        try:
            validate_spec(SPECS[manifest.key.kind], manifest.body["spec"], old=known.spec)
        except InvalidSpec as error:
            yield from (f"{manifest.place}: {problem}" for problem in error.problems)


def _take_in(manifests: Sequence[Manifest], store: LocalStore) -> None:
    for manifest in manifests:
        store.take_back(manifest.key)
        store.apply(manifest.body)
    for key in set(store.keys()) - {manifest.key for manifest in manifests}:
        store.delete(key)


class _Pass:
    """Waits for one pass to come to its end, and helps it there."""

    def __init__(self, manifests: Sequence[Manifest], folder: Folder, work: Running, progress: Progress) -> None:
        self._manifests = manifests
        self._wanted = {manifest.key for manifest in manifests}
        self._folder = folder
        self._work = work
        self._store = work.store
        self._progress = progress

    async def run(self, deadline: float) -> None:
        """Return when all is done, when nothing that is left would come of waiting, or at the deadline."""
        clock = self._work.services.clock
        while clock.monotonic() < deadline and self._is_worth_waiting(deadline - clock.monotonic()):
            self._progress.show(self._rows())
            await asyncio.sleep(TICK)
            self._stop_if_broken()
        self._progress.show(self._rows())

    def outcome(self) -> Outcome:
        """Compare what is with what was asked."""
        unready = [self._doubted(resource) for resource in self._unready()]
        return Outcome(self._rows(), unready, [key for key in self._store.given() if key not in self._wanted])

    def _is_worth_waiting(self, seconds: float) -> bool:
        queue = self._work.controller.queue
        if queue.waiting(0) or self._drop_unused():
            return True
        return queue.waiting(seconds) > 0 and any(map(self._work.may_heal, self._unready()))

    def _unready(self) -> list[Resource]:
        return [one for one in self._work.resources() if one.deleting or not self._work.is_ready(one)]

    def _drop_unused(self) -> bool:
        """Drop Secrets and the like that left the manifests, once nothing is being deleted that may need them."""
        if any(resource.deleting for resource in self._work.resources()):
            return False
        held = {holder.key for holder in self._store.data_objects() if holder.finalizers}
        unused = [key for key in self._store.given() if key not in self._wanted | held]
        for key in unused:
            self._store.delete(key)
        return bool(unused)

    def _rows(self) -> list[Row]:
        """Show as ready only what this pass has seen to be so."""
        return [self._proved(resource) for resource in self._work.resources()]

    def _proved(self, resource: Resource) -> Row:
        row = row_of(resource)
        if row.ready != "True" or self._work.is_proved(resource):
            return row
        return replace(row, ready="Unknown", reason=WAITING, message="")

    def _doubted(self, resource: Resource) -> Row:
        """Don't repeat what status says of the remote when this pass could not see it."""
        row = row_of(resource)
        if row.ready != "True":
            return row
        why = "it was ready before, but could not be compared with the remote now"
        return replace(row, ready="Unknown", reason=str(Reason.REMOTE_UNAVAILABLE), message=why)

    def _stop_if_broken(self) -> None:
        if self._folder.failure is not None:
            raise self._folder.failure
        if self._work.task.done():
            self._work.task.result()

"""One pass over a local store: store the manifests, delete the permitted rest, and wait for the result."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jitops.api.reasons import Reason
from jitops.api.schema.model import InvalidSpec, validate_spec
from jitops.core.clock import SystemClock
from jitops.local.absent import Absent
from jitops.local.documents import is_managed
from jitops.local.manifests import SPECS, ManifestsRefused
from jitops.local.progress import WAITING, Row, row_of
from jitops.local.running import running
from jitops.local.store import LocalStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jitops.core.kube import Key, Resource
    from jitops.local.absent import Consent
    from jitops.local.folder import StateFolder
    from jitops.local.manifests import Manifest
    from jitops.local.progress import Progress
    from jitops.local.running import Running

TIMEOUT = 120.0
TICK = 0.05
"""Seconds between two looks at the state."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a pass."""

    rows: Sequence[Row]
    unready: Sequence[Row]
    """The resources that are not as the manifests ask."""
    lingering: Sequence[Key]
    """Secrets and ConfigMaps that were to be deleted while something still uses them."""

    @property
    def complete(self) -> bool:
        """Whether everything is as the manifests ask."""
        return not self.unready and not self.lingering

    def complaints(self) -> list[str]:
        """Return the missing results, one line for each object."""
        held = (
            f"{key}: is not in the manifests any more, but still in use; delete its users too, or write it again"
            for key in self.lingering
        )
        return [*(row.sentence() for row in self.unready), *held]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A pass that can begin: everything that can be refused was checked, and nothing was changed."""

    manifests: Sequence[Manifest]
    folder: StateFolder
    store: LocalStore
    kept: Absent
    """The objects outside the manifests that stay as they are."""
    deleted: Absent
    """The objects outside the manifests that will be deleted."""

    async def run(self, progress: Progress, *, timeout: float = TIMEOUT) -> Outcome:  # noqa: ASYNC109 - not a cancellation: the pass ends in order and returns how far it got
        """Make the remotes match the manifests and return the outcome, after `timeout` seconds at the latest."""
        _store(self.manifests, self.store)
        for key in self.deleted.keys:
            self.store.delete(key)
        clock = SystemClock()
        async with running(self.store, clock, self.folder.identity, self.kept.keys) as work:
            converging = _Pass(self, work, progress)
            await converging.run(clock.monotonic() + timeout)
            return converging.outcome()


def prepare_apply(manifests: Sequence[Manifest], folder: StateFolder, prune: Consent | None = None) -> Prepared:
    """Return the pass that applies manifests; with the consent to `prune`, it deletes what they no longer contain.

    Raises ManifestsRefused if the store can't accept them, DeletionsRefused if more would be deleted than permitted.
    """
    store = LocalStore(SystemClock(), folder)
    _check(manifests, store)
    absent = Absent.of(store, {manifest.key for manifest in manifests})
    if prune is None:
        return Prepared(manifests=manifests, folder=folder, store=store, kept=absent, deleted=Absent())
    prune.require(absent)
    return Prepared(manifests=manifests, folder=folder, store=store, kept=Absent(), deleted=absent)


def prepare_destroy(folder: StateFolder, consent: Consent) -> Prepared:
    """Return the pass that deletes everything of a state; raises DeletionsRefused if that is more than permitted."""
    return prepare_apply((), folder, consent)


def _check(manifests: Sequence[Manifest], store: LocalStore) -> None:
    """Raise ManifestsRefused for what the API server would refuse because of the objects that it has already."""
    managed = {one.key for one in store.data_objects() if is_managed(one)}
    faults = [fault for manifest in manifests for fault in _faults(manifest, store.get(manifest.key), managed)]
    if faults:
        raise ManifestsRefused(tuple(faults))


def _faults(manifest: Manifest, known: Resource | None, managed: set[Key]) -> Iterator[str]:
    if manifest.key in managed:
        what = f"a {manifest.key.kind} that jitops wrote"
        yield f"{manifest.place}: metadata.name: is the name of {what}; choose another one"
    # Only a transition can be wrong here: each spec was checked by itself when it was read.
    if known is not None:
        try:
            validate_spec(SPECS[manifest.key.kind], manifest.body["spec"], old=known.spec)
        except InvalidSpec as error:
            yield from (f"{manifest.place}: {problem}" for problem in error.problems)


def _store(manifests: Sequence[Manifest], store: LocalStore) -> None:
    for manifest in manifests:
        # Deleted in an earlier pass that did not end, and in the manifests again.
        store.undelete(manifest.key)
        store.apply(manifest.body)


class _Pass:
    """Waits for the end of one pass."""

    def __init__(self, prepared: Prepared, work: Running, progress: Progress) -> None:
        self._unneeded = prepared.deleted.others
        self._folder = prepared.folder
        self._work = work
        self._store = work.store
        self._progress = progress

    async def run(self, deadline: float) -> None:
        """Return when all is done, when waiting would change nothing, or at the deadline."""
        clock = self._work.services.clock
        while clock.monotonic() < deadline and self._is_worth_waiting(deadline - clock.monotonic()):
            self._progress.show(self._rows())
            await asyncio.sleep(TICK)
            self._stop_if_broken()
        self._progress.show(self._rows())

    def outcome(self) -> Outcome:
        """Return the current state, compared with the manifests."""
        unready = [self._unconfirmed(resource) for resource in self._unready()]
        remaining = set(self._store.user_objects())
        return Outcome(self._rows(), unready, [key for key in self._unneeded if key in remaining])

    def _is_worth_waiting(self, seconds: float) -> bool:
        """Return whether waiting these seconds may change anything."""
        queue = self._work.controller.queue
        if queue.waiting(0) or self._drop_unused():
            return True
        return queue.waiting(seconds) > 0 and any(map(self._work.may_heal, self._unready()))

    def _unready(self) -> list[Resource]:
        return [one for one in self._work.resources() if one.deleting or not self._work.is_ready(one)]

    def _drop_unused(self) -> bool:
        """Delete the Secrets and the like that are to be deleted and that nothing uses; return whether any were."""
        # A resource that is being deleted may need its connection's credentials.
        if any(resource.deleting for resource in self._work.resources()):
            return False
        remaining = set(self._store.user_objects())
        unused = [key for key in self._unneeded if key in remaining and not self._work.is_referred_to(key)]
        for key in unused:
            self._store.delete(key)
        return bool(unused)

    def _rows(self) -> list[Row]:
        """Return the rows to show."""
        return [self._confirmed(resource) for resource in self._work.resources()]

    def _confirmed(self, resource: Resource) -> Row:
        """Return a row that is ready only if this pass has compared the resource with the remote."""
        row = row_of(resource)
        if row.ready != "True" or self._work.is_confirmed(resource):
            return row
        return replace(row, ready="Unknown", reason=WAITING, message="")

    def _unconfirmed(self, resource: Resource) -> Row:
        """Return the row of a resource that this pass could not compare with the remote."""
        # Its status is that of an earlier pass.
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

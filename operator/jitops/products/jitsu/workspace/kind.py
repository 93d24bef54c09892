"""The row of JitsuWorkspace in the table of kinds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jitops.api.kind import KindInfo
from jitops.core.contract.kinds import ConnectionKind, ManagedKind
from jitops.products.jitsu.objects import object_types
from jitops.products.jitsu.workspace.connection import open_workspace
from jitops.products.jitsu.workspace.spec import JitsuWorkspaceSpec
from jitops.products.jitsu.workspace.status import JitsuWorkspaceStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jitops.core.clock import Clock
    from jitops.remote.client import HttpPool

INFO = KindInfo(
    kind="JitsuWorkspace",
    plural="jitsuworkspaces",
    singular="jitsuworkspace",
    short_names=("jws",),
    categories=("jitops", "jitsu"),
    spec=JitsuWorkspaceSpec,
    status=JitsuWorkspaceStatus,
    is_connection=True,
    description="A connection to a Jitsu workspace, with the API key to manage it.",
)


def connection_kind(pool: HttpPool, clock: Clock, managed: Iterable[ManagedKind]) -> ConnectionKind:
    """Return the row; the client lists the types of the managed kinds."""
    return ConnectionKind(
        info=INFO,
        credentials=("apiKey",),
        open=partial(open_workspace, pool=pool, clock=clock, types=object_types(managed)),
    )

"""THE TABLE: one row per kind. Start reading here.

A managed kind is a package under `products/`: `spec.py` and `status.py` (the models that users write and read),
`adapter.py` (the calls to the remote), and `kind.py`, whose `KIND` joins them. `core.managed.reconciler` does the rest,
in the same way for every row. To add a kind: docs/adding-a-kind.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.core.contract.kinds import KindRegistry
from jitops.products.jitsu.destination import kind as destination
from jitops.products.jitsu.function import kind as function
from jitops.products.jitsu.link import kind as link
from jitops.products.jitsu.service import kind as service
from jitops.products.jitsu.stream import kind as stream
from jitops.products.jitsu.workspace import kind as workspace
from jitops.products.jitterbit.connector import kind as connector
from jitops.products.jitterbit.custom_api import kind as custom_api
from jitops.products.jitterbit.organization import kind as organization

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.remote.client import HttpPool

JITSU = (stream.KIND, destination.KIND, function.KIND, service.KIND, link.KIND)
JITTERBIT = (connector.KIND, custom_api.KIND)

KINDS = (
    workspace.INFO,
    *(kind.info for kind in JITSU),
    organization.INFO,
    *(kind.info for kind in JITTERBIT),
)
"""All kinds, each connection before the kinds that use it."""


def registry(pool: HttpPool, clock: Clock) -> KindRegistry:
    """Return the kinds that this operator manages; their clients use the connections of a pool."""
    connections = (workspace.connection_kind(pool, clock, JITSU), organization.connection_kind(pool, clock))
    return KindRegistry(
        managed={kind.info.kind: kind for kind in (*JITSU, *JITTERBIT)},
        connections={kind.info.kind: kind for kind in connections},
    )

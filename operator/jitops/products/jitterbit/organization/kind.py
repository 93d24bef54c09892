"""The row of JitterbitOrganization in the table of kinds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jitops.api.kind import KindInfo
from jitops.core.contract.kinds import ConnectionKind
from jitops.products.jitterbit.organization.connection import open_organization
from jitops.products.jitterbit.organization.spec import JitterbitOrganizationSpec
from jitops.products.jitterbit.organization.status import JitterbitOrganizationStatus

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.remote.client import HttpPool

INFO = KindInfo(
    kind="JitterbitOrganization",
    plural="jitterbitorganizations",
    singular="jitterbitorganization",
    short_names=("jborg",),
    categories=("jitops", "jitterbit"),
    spec=JitterbitOrganizationSpec,
    status=JitterbitOrganizationStatus,
    is_connection=True,
    description="A connection to a Jitterbit Harmony organization, with the user to manage it.",
)


def connection_kind(pool: HttpPool, clock: Clock) -> ConnectionKind:
    """Return the row."""
    return ConnectionKind(
        info=INFO,
        credentials=("email", "password"),
        optional=("adapterToken",),
        caseless=frozenset({"email"}),
        open=partial(open_organization, pool=pool, clock=clock),
    )

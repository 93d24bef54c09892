"""The row of JitsuLink in the table of kinds."""

from jitops.api.kind import KindInfo
from jitops.core.contract.kinds import ManagedKind, remote_ids
from jitops.products.jitsu.link.adapter import LinkAdapter
from jitops.products.jitsu.link.references import link_claims, link_uses
from jitops.products.jitsu.link.spec import JitsuLinkSpec
from jitops.products.jitsu.link.status import JitsuLinkStatus

KIND = ManagedKind(
    info=KindInfo(
        kind="JitsuLink",
        plural="jitsulinks",
        singular="jitsulink",
        short_names=("jln",),
        categories=("jitops", "jitsu"),
        spec=JitsuLinkSpec,
        status=JitsuLinkStatus,
        is_connection=False,
        description="A connection from a stream, or a sync from a service, to a destination of a Jitsu workspace.",
    ),
    adapter=LinkAdapter,
    uses=link_uses,
    claims=lambda resource: remote_ids(resource) | link_claims(resource),
)

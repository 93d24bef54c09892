"""The row of JitsuDestination in the table of kinds."""

from jitops.api.kind import KindInfo
from jitops.core.contract.kinds import ManagedKind
from jitops.products.jitsu.destination.adapter import DestinationAdapter
from jitops.products.jitsu.destination.spec import JitsuDestinationSpec
from jitops.products.jitsu.destination.status import JitsuDestinationStatus

KIND = ManagedKind(
    info=KindInfo(
        kind="JitsuDestination",
        plural="jitsudestinations",
        singular="jitsudestination",
        short_names=("jdst",),
        categories=("jitops", "jitsu"),
        spec=JitsuDestinationSpec,
        status=JitsuDestinationStatus,
        is_connection=False,
        description="A destination of a Jitsu workspace, which receives the events and data of links.",
    ),
    adapter=DestinationAdapter,
)

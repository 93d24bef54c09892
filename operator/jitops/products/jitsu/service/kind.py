"""The row of JitsuService in the table of kinds."""

from jitops.api.kind import KindInfo
from jitops.core.contract.kinds import ManagedKind
from jitops.products.jitsu.service.adapter import ServiceAdapter
from jitops.products.jitsu.service.spec import JitsuServiceSpec
from jitops.products.jitsu.service.status import JitsuServiceStatus

KIND = ManagedKind(
    info=KindInfo(
        kind="JitsuService",
        plural="jitsuservices",
        singular="jitsuservice",
        short_names=("jsvc",),
        categories=("jitops", "jitsu"),
        spec=JitsuServiceSpec,
        status=JitsuServiceStatus,
        is_connection=False,
        description="A service of a Jitsu workspace, a source that syncs read data from.",
    ),
    adapter=ServiceAdapter,
)

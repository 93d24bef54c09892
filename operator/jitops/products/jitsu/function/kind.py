"""The row of JitsuFunction in the table of kinds."""

from jitops.api.kind import KindInfo
from jitops.core.contract.kinds import ManagedKind
from jitops.products.jitsu.function.adapter import FunctionAdapter
from jitops.products.jitsu.function.spec import JitsuFunctionSpec
from jitops.products.jitsu.function.status import JitsuFunctionStatus

KIND = ManagedKind(
    info=KindInfo(
        kind="JitsuFunction",
        plural="jitsufunctions",
        singular="jitsufunction",
        short_names=("jfn",),
        categories=("jitops", "jitsu"),
        spec=JitsuFunctionSpec,
        status=JitsuFunctionStatus,
        is_connection=False,
        description="A function of a Jitsu workspace, which links run on their events.",
    ),
    adapter=FunctionAdapter,
)

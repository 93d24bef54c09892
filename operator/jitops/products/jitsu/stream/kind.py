"""The row of JitsuStream in the table of kinds."""

from jitops.api.kind import KindInfo
from jitops.core.contract.kinds import ManagedKind
from jitops.products.jitsu.stream.adapter import StreamAdapter
from jitops.products.jitsu.stream.keys import expiries
from jitops.products.jitsu.stream.spec import JitsuStreamSpec
from jitops.products.jitsu.stream.status import JitsuStreamStatus

KIND = ManagedKind(
    info=KindInfo(
        kind="JitsuStream",
        plural="jitsustreams",
        singular="jitsustream",
        short_names=("jst",),
        categories=("jitops", "jitsu"),
        spec=JitsuStreamSpec,
        status=JitsuStreamStatus,
        is_connection=False,
        description="A stream (site) of a Jitsu workspace, with its write keys.",
    ),
    adapter=StreamAdapter,
    output_name="{}-jitsustream".format,
    expiries=expiries,
    write_once=frozenset({"publicKeyId", "publicKeySecret", "privateKeyId", "privateKeySecret"}),
)

"""The row of Connector in the table of kinds."""

from jitops.api.kind import KindInfo
from jitops.core.contract.kinds import ManagedKind
from jitops.products.jitterbit.connector.adapter import ConnectorAdapter
from jitops.products.jitterbit.connector.builder import is_of_builder
from jitops.products.jitterbit.connector.registrations import registration_claims
from jitops.products.jitterbit.connector.spec import ConnectorSpec
from jitops.products.jitterbit.connector.status import ConnectorStatus

KIND = ManagedKind(
    info=KindInfo(
        kind="Connector",
        plural="connectors",
        singular="connector",
        short_names=("jbcon",),
        categories=("jitops", "jitterbit"),
        spec=ConnectorSpec,
        status=ConnectorStatus,
        is_connection=False,
        description="A connector of a Jitterbit Harmony organization, with its key and entity ids.",
    ),
    adapter=ConnectorAdapter,
    output_name="{}-connector".format,
    observes=is_of_builder,
    claims=registration_claims,
)

"""The row of CustomAPI in the table of kinds."""

from jitops.api.kind import KindInfo
from jitops.core.contract.kinds import ManagedKind, remote_ids
from jitops.products.jitterbit.custom_api.adapter import CustomAPIAdapter
from jitops.products.jitterbit.custom_api.references import api_claims, kept_by_hand
from jitops.products.jitterbit.custom_api.spec import CustomAPISpec
from jitops.products.jitterbit.custom_api.status import CustomAPIStatus
from jitops.products.jitterbit.custom_api.wire import config_map_name

KIND = ManagedKind(
    info=KindInfo(
        kind="CustomAPI",
        plural="customapis",
        singular="customapi",
        short_names=("jbapi",),
        categories=("jitops", "jitterbit"),
        spec=CustomAPISpec,
        status=CustomAPIStatus,
        is_connection=False,
        description="A Custom API of Jitterbit's API Manager: its configuration, and whether it is live.",
    ),
    adapter=CustomAPIAdapter,
    config_map_name=config_map_name,
    claims=lambda resource: remote_ids(resource) | api_claims(resource),
    out_of_reach=kept_by_hand,
)

"""The kinds as users see them: names, models, and what they stand for."""

from dataclasses import dataclass

from jitops.api.connection import ConnectionSpec
from jitops.api.managed import ManagedSpec
from jitops.api.schema.model import Model
from jitops.products.jitsu.destination.spec import JitsuDestinationSpec
from jitops.products.jitsu.destination.status import JitsuDestinationStatus
from jitops.products.jitsu.function.spec import JitsuFunctionSpec
from jitops.products.jitsu.function.status import JitsuFunctionStatus
from jitops.products.jitsu.link.spec import JitsuLinkSpec
from jitops.products.jitsu.link.status import JitsuLinkStatus
from jitops.products.jitsu.service.spec import JitsuServiceSpec
from jitops.products.jitsu.service.status import JitsuServiceStatus
from jitops.products.jitsu.stream.spec import JitsuStreamSpec
from jitops.products.jitsu.stream.status import JitsuStreamStatus
from jitops.products.jitsu.workspace.spec import JitsuWorkspaceSpec
from jitops.products.jitsu.workspace.status import JitsuWorkspaceStatus
from jitops.products.jitterbit.connector.spec import ConnectorSpec
from jitops.products.jitterbit.connector.status import ConnectorStatus
from jitops.products.jitterbit.custom_api.spec import CustomAPISpec
from jitops.products.jitterbit.custom_api.status import CustomAPIStatus
from jitops.products.jitterbit.organization.spec import JitterbitOrganizationSpec
from jitops.products.jitterbit.organization.status import JitterbitOrganizationStatus


@dataclass(frozen=True, slots=True)
class KindInfo:
    """One kind: how the API server calls it, and the models of its spec and status."""

    kind: str
    plural: str
    singular: str
    short_names: tuple[str, ...]
    categories: tuple[str, ...]
    spec: type[ManagedSpec | ConnectionSpec]
    status: type[Model]
    is_connection: bool
    description: str


JITSU_WORKSPACE = KindInfo(
    kind="JitsuWorkspace",
    plural="jitsuworkspaces",
    singular="jitsuworkspace",
    short_names=("jws",),
    categories=("jitops", "jitsu"),
    spec=JitsuWorkspaceSpec,
    status=JitsuWorkspaceStatus,
    is_connection=True,
    description="A Jitsu workspace, and the API key with which it is managed.",
)

JITSU_STREAM = KindInfo(
    kind="JitsuStream",
    plural="jitsustreams",
    singular="jitsustream",
    short_names=("jst",),
    categories=("jitops", "jitsu"),
    spec=JitsuStreamSpec,
    status=JitsuStreamStatus,
    is_connection=False,
    description="A stream (site) of a Jitsu workspace, with its write keys.",
)

JITSU_DESTINATION = KindInfo(
    kind="JitsuDestination",
    plural="jitsudestinations",
    singular="jitsudestination",
    short_names=("jdst",),
    categories=("jitops", "jitsu"),
    spec=JitsuDestinationSpec,
    status=JitsuDestinationStatus,
    is_connection=False,
    description="A destination of a Jitsu workspace, which links send events to.",
)

JITSU_FUNCTION = KindInfo(
    kind="JitsuFunction",
    plural="jitsufunctions",
    singular="jitsufunction",
    short_names=("jfn",),
    categories=("jitops", "jitsu"),
    spec=JitsuFunctionSpec,
    status=JitsuFunctionStatus,
    is_connection=False,
    description="A function of a Jitsu workspace, which links run on their events.",
)

JITSU_SERVICE = KindInfo(
    kind="JitsuService",
    plural="jitsuservices",
    singular="jitsuservice",
    short_names=("jsvc",),
    categories=("jitops", "jitsu"),
    spec=JitsuServiceSpec,
    status=JitsuServiceStatus,
    is_connection=False,
    description="A service of a Jitsu workspace, a source that syncs start at.",
)

JITSU_LINK = KindInfo(
    kind="JitsuLink",
    plural="jitsulinks",
    singular="jitsulink",
    short_names=("jln",),
    categories=("jitops", "jitsu"),
    spec=JitsuLinkSpec,
    status=JitsuLinkStatus,
    is_connection=False,
    description="A connection from a stream, or a sync from a service, to a destination of a Jitsu workspace.",
)

JITTERBIT_ORGANIZATION = KindInfo(
    kind="JitterbitOrganization",
    plural="jitterbitorganizations",
    singular="jitterbitorganization",
    short_names=("jborg",),
    categories=("jitops", "jitterbit"),
    spec=JitterbitOrganizationSpec,
    status=JitterbitOrganizationStatus,
    is_connection=True,
    description="A Jitterbit Harmony organization, and the login with which it is managed.",
)

CONNECTOR = KindInfo(
    kind="Connector",
    plural="connectors",
    singular="connector",
    short_names=("jbcon",),
    categories=("jitops", "jitterbit"),
    spec=ConnectorSpec,
    status=ConnectorStatus,
    is_connection=False,
    description="A connector registered in a Jitterbit Harmony organization, with its key and entity ids.",
)

CUSTOM_API = KindInfo(
    kind="CustomAPI",
    plural="customapis",
    singular="customapi",
    short_names=("jbapi",),
    categories=("jitops", "jitterbit"),
    spec=CustomAPISpec,
    status=CustomAPIStatus,
    is_connection=False,
    description="A Custom API of Jitterbit's API Manager: its configuration, and whether it is live.",
)

KINDS = (
    JITSU_WORKSPACE,
    JITSU_STREAM,
    JITSU_DESTINATION,
    JITSU_FUNCTION,
    JITSU_SERVICE,
    JITSU_LINK,
    JITTERBIT_ORGANIZATION,
    CONNECTOR,
    CUSTOM_API,
)
"""All kinds, connections before what uses them."""

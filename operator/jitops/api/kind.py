"""The description of a kind that its CRD is generated from."""

from dataclasses import dataclass

from jitops.api.connection import ConnectionSpec
from jitops.api.managed import ManagedSpec
from jitops.api.schema.model import Model


@dataclass(frozen=True, slots=True)
class KindInfo:
    """One kind: its names at the API server, and the models of its spec and status."""

    kind: str
    plural: str
    singular: str
    short_names: tuple[str, ...]
    categories: tuple[str, ...]
    spec: type[ManagedSpec | ConnectionSpec]
    status: type[Model]
    is_connection: bool
    description: str

"""The status of a CustomAPI."""

from jitops.api.status import ManagedStatus


class CustomAPIStatus(ManagedStatus):
    """What is told of a Custom API."""

    config_map_name: str | None = None
    """The ConfigMap that holds the documents."""
    configuration_hash: str | None = None
    """The hash of the configuration that the spec asks for: what a person acknowledges."""
    publication_state: str | None = None
    """How the adapter has it: draft, published or publishedWithDraft."""
    url: str | None = None
    """The API's address."""
    base_url: str | None = None
    """The gateway's address."""

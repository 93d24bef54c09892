"""The status of a CustomAPI."""

from jitops.api.status import ManagedStatus


class CustomAPIStatus(ManagedStatus):
    """The observed state of a CustomAPI."""

    config_map_name: str | None = None
    """The name of the ConfigMap that holds the documents."""
    configuration_hash: str | None = None
    """The hash of the configuration that the spec asks for. A person acknowledges it in
    publication.acknowledgedHash."""
    publication_state: str | None = None
    """The state of the API as the adapter reports it: draft, published or publishedWithDraft."""
    url: str | None = None
    """The URL of the API."""
    base_url: str | None = None
    """The URL of the gateway."""

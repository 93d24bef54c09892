"""What people read about a Custom API, and the hash that they acknowledge."""

from __future__ import annotations

from jitops.core.contract.desired import Desired
from jitops.core.errors import ManualActionRequired, RemoteNotFound
from jitops.products.jitterbit.api_rows import Configuration
from jitops.products.jitterbit.custom_api.spec import CustomAPISpec
from jitops.products.jitterbit.custom_api.wire import configuration_of, fingerprint
from jitops.products.jitterbit.gateway import Seen, Sight

Want = Desired[CustomAPISpec]


def config_map_name(name: str) -> str:
    """Return the default name of the ConfigMap of a resource."""
    return f"{name}-customapi"


def wanted_configuration(desired: Want) -> Configuration:
    """Return the configuration that the spec asks for."""
    return configuration_of(desired.spec, desired.key.name)


def configuration_hash(desired: Want) -> str:
    """Return the hash that a person acknowledges."""
    return fingerprint(wanted_configuration(desired), desired.spec.publication.state)


def contradiction(seen: Seen, url: str) -> ManualActionRequired | RemoteNotFound:
    """Return the error for a probe that contradicts the spec."""
    if seen.sight is Sight.OPEN:
        return ManualActionRequired(
            f"{url} is open to anyone ({seen.why}), although the spec has security profiles: assign them to the API in"
            " API Manager; the gateway takes some minutes to apply that"
        )
    return RemoteNotFound(
        f"there is no live API at {url} ({seen.why}): publish it, or correct baseUrl, urlPrefix, version or"
        " serviceRoot; the gateway may take some minutes to apply a change"
    )


def doubt(seen: Seen | None) -> str:
    """Return the end of a message: that a probe was unclear. Temporary errors are not mentioned."""
    return f"; a probe of its URL is unclear: {seen.why}" if seen is not None and seen.sight is Sight.UNCLEAR else ""


def instructions(desired: Want, seen: Seen | None) -> str:
    """Return what a person must do in API Manager, and how to acknowledge it."""
    spec = desired.spec
    acknowledge = f"set spec.publication.acknowledgedHash to {configuration_hash(desired)}"
    why = f" ({seen.why})" if seen else ""
    if spec.publication.mode == "Observe":
        return f"it is not known whether the API equals the spec{why}: check it in API Manager, then {acknowledge}"
    name = spec.outputs.config_map.name or config_map_name(desired.key.name)
    do = "publish it" if spec.publication.state == "Published" else "keep it as a draft"
    return (
        f"in API Manager configure the Custom API {spec.name or desired.key.name} of environment"
        f" {spec.environment.name} as in configuration.json of ConfigMap {name}, {do}, then {acknowledge}"
    )

"""Messages of a CustomAPI: what a person must do, and what a probe of its URL found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.core.errors import ManualActionRequired, RemoteNotFound
from jitops.products.jitterbit.custom_api.wire import config_map_name
from jitops.products.jitterbit.gateway import Seen, Sight

if TYPE_CHECKING:
    from jitops.core.contract.desired import Desired
    from jitops.products.jitterbit.custom_api.spec import CustomAPISpec


def contradiction(seen: Seen, url: str) -> ManualActionRequired | RemoteNotFound:
    """Return the error of a probe that shows that the API is missing, or open to anyone."""
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


def instructions(desired: Desired[CustomAPISpec], digest: str, seen: Seen | None) -> str:
    """Return what a person must do in API Manager, and how to acknowledge it."""
    spec = desired.spec
    acknowledge = f"set spec.publication.acknowledgedHash to {digest}"
    why = f" ({seen.why})" if seen else ""
    if spec.publication.mode == "Observe":
        return f"it is not known whether the API equals the spec{why}: check it in API Manager, then {acknowledge}"
    name = spec.outputs.config_map.name or config_map_name(desired.key.name)
    do = "publish it" if spec.publication.state == "Published" else "keep it as a draft"
    return (
        f"in API Manager configure the Custom API {spec.name or desired.key.name} of environment"
        f" {spec.environment.name} as in configuration.json of ConfigMap {name}, {do}, then {acknowledge}"
    )

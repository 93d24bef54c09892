"""The rules of destinations and services, whose secrets are masked (docs/reference/jitsu.md section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops_sandbox.jitsu import published, schemas, zod
from jitops_sandbox.jitsu.config_types import ConfigType, Object, deep_merge
from jitops_sandbox.jitsu.errors import ApiError, UnexpectedError
from jitops_sandbox.jitsu.masking import masked, without_masks
from jitops_sandbox.jitsu.references import guard_linked

if TYPE_CHECKING:
    from jitops_sandbox.jitsu.state import State

PROVISIONED = ("id", "type", "workspaceId", "name", "destinationType", "provisioned")


class MaskedType(ConfigType):
    """A type some of whose fields are secrets."""

    def secrets(self, _stored: Object, _state: State) -> tuple[tuple[str, ...], ...]:
        """Give the paths of the fields that are masked in this object."""
        raise NotImplementedError

    def merge(self, stored: Object, patch: Object, state: State) -> Object:
        """Merge a PUT deep; a mask that comes back keeps what is stored, the sentinel is ignored."""
        return dict(deep_merge(stored, without_masks(zod.cleaned(patch), self.secrets(stored, state))))

    def accept(self, given: Object, state: State, _workspace: str) -> Object:
        """Drop masks: on creation the object is then stored without that secret."""
        return without_masks(given, self.secrets(given, state))

    def show(self, stored: Object, state: State) -> Object:
        """Mask the secrets that are set."""
        return masked(stored, self.secrets(stored, state))

    def before_delete(self, object_id: str, workspace: str, state: State, how: frozenset[str]) -> None:
        """Mind the links that touch the object (section 6)."""
        guard_linked(self.name, object_id, workspace, state, how)


class DestinationType(MaskedType):
    """A destination: its `destinationType` decides on schema, defaults and masks."""

    def __init__(self) -> None:
        super().__init__("destination", schemas.DESTINATION)

    def narrowed(self, parsed: Object) -> zod.Schema:
        """Give the schema of the destination's own type."""
        kind = parsed["destinationType"]
        schema = published.destination(kind)
        if schema is None:
            raise UnexpectedError(f"Unknown destination type {kind}")
        return schema

    def secrets(self, stored: Object, _state: State) -> tuple[tuple[str, ...], ...]:
        """Give the fields that the console's metadata calls passwords."""
        return tuple((field,) for field in published.masked_fields(stored.get("destinationType")))

    def merge(self, stored: Object, patch: Object, state: State) -> Object:
        """Refuse `provisioned`, then merge."""
        if patch.get("provisioned") is True:
            raise ApiError(f"Can't set destination to provisioned destination through API ({stored.get('id')})")
        return super().merge(stored, patch, state)

    def accept(self, given: Object, state: State, workspace: str) -> Object:
        """Refuse `provisioned`; a stored one can't get here, as only the cloud service makes them."""
        if given.get("provisioned"):
            raise ApiError(f"Can't create provisioned destination through API ({given['id']})")
        return super().accept(given, state, workspace)

    def show(self, stored: Object, state: State) -> Object:
        """Show of a provisioned destination only what it is."""
        if stored.get("provisioned"):
            return {name: stored[name] for name in PROVISIONED if name in stored}
        return super().show(stored, state)


class ServiceType(MaskedType):
    """A service, where sync links start; its secrets are known once its specification is cached."""

    def __init__(self) -> None:
        super().__init__("service", schemas.SERVICE)

    def secrets(self, stored: Object, state: State) -> tuple[tuple[str, ...], ...]:
        """Give what the cached specification of exactly this package and version calls secret."""
        known = state.source_specs.get((stored.get("package"), stored.get("version")), ())
        return tuple(("credentials", *field.split(".")) for field in known)

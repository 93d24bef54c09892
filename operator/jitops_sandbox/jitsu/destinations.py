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
    """A type with secret fields."""

    def secrets(self, _stored: Object, _state: State) -> tuple[tuple[str, ...], ...]:
        """Return the paths of the fields that are masked in this object."""
        raise NotImplementedError

    def merge(self, stored: Object, patch: Object, state: State) -> Object:
        """Return a deep merge; a mask in the patch keeps the stored value, the sentinel is ignored."""
        return dict(deep_merge(stored, without_masks(zod.cleaned(patch), self.secrets(stored, state))))

    def accept(self, given: Object, state: State, _workspace: str) -> Object:
        """Return the object without masks: a new object is then stored without that secret."""
        return without_masks(given, self.secrets(given, state))

    def show(self, stored: Object, state: State) -> Object:
        """Return the object with its secrets masked."""
        return masked(stored, self.secrets(stored, state))

    def before_delete(self, object_id: str, workspace: str, state: State, how: frozenset[str]) -> None:
        """Handle the links of the object (section 6)."""
        guard_linked(self.name, object_id, workspace, state, how)


class DestinationType(MaskedType):
    """A destination: its `destinationType` decides schema, defaults and masks."""

    def __init__(self) -> None:
        super().__init__("destination", schemas.DESTINATION)

    def narrowed(self, parsed: Object) -> zod.Schema:
        """Return the schema of the destination's own type."""
        kind = parsed["destinationType"]
        schema = published.destination(kind)
        if schema is None:
            raise UnexpectedError(f"Unknown destination type {kind}")
        return schema

    def secrets(self, stored: Object, _state: State) -> tuple[tuple[str, ...], ...]:
        """Return the fields that are passwords in the console's metadata."""
        return tuple((field,) for field in published.masked_fields(stored.get("destinationType")))

    def merge(self, stored: Object, patch: Object, state: State) -> Object:
        """Raise for `provisioned`, else merge."""
        if patch.get("provisioned") is True:
            raise ApiError(f"Can't set destination to provisioned destination through API ({stored.get('id')})")
        return super().merge(stored, patch, state)

    def accept(self, given: Object, state: State, workspace: str) -> Object:
        """Raise for `provisioned`; a stored one can't be such, since only the cloud service creates them."""
        if given.get("provisioned"):
            raise ApiError(f"Can't create provisioned destination through API ({given['id']})")
        return super().accept(given, state, workspace)

    def show(self, stored: Object, state: State) -> Object:
        """Return only the identifying fields of a provisioned destination."""
        if stored.get("provisioned"):
            return {name: stored[name] for name in PROVISIONED if name in stored}
        return super().show(stored, state)


class ServiceType(MaskedType):
    """A service, the source of sync links; its secrets are known once its specification is cached."""

    def __init__(self) -> None:
        super().__init__("service", schemas.SERVICE)

    def secrets(self, stored: Object, state: State) -> tuple[tuple[str, ...], ...]:
        """Return the secrets in the cached specification of exactly this package and version."""
        known = state.source_specs.get((stored.get("package"), stored.get("version")), ())
        return tuple(("credentials", *field.split(".")) for field in known)

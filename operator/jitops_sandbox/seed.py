"""Seeds: the users and objects that exist when the sandbox starts, read from YAML and checked before it listens."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from pathlib import Path

Role = Literal["owner", "editor", "analyst"]


class SeedError(ValueError):
    """The seed can't be used; the message names each wrong field, and what to write there."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class Workspace(_Part):
    """A Jitsu workspace."""

    id: str = Field(min_length=1)
    slug: str
    name: str = ""
    deleted: bool = False
    created_at: datetime | None = None


class User(_Part):
    """A Jitsu user; `roles` maps a workspace, by id or slug, to the user's role in it."""

    id: str = Field(min_length=1)
    admin: bool = False
    roles: dict[str, Role] = Field(default_factory=dict)


class Key(_Part):
    """An API key of a user: the bearer is `id:secret`; `name` is its name in tests and recordings."""

    name: str
    id: str = Field(min_length=1, pattern="^[^:]+$")
    secret: str = Field(min_length=1, pattern="^[^:]+$", repr=False)
    user: str
    label: str = ""
    """The name that the console shows for the key, if it isn't `name`."""
    expires: datetime | None = None
    created_at: datetime | None = None


class SourceSpec(_Part):
    """A connector's specification in the console's cache: the dotted paths of its secret credentials."""

    package: str
    version: str
    secrets: list[str]


class JitsuSeed(_Part):
    """The content of the Jitsu console at its start."""

    workspaces: list[Workspace] = Field(default_factory=list)
    users: list[User] = Field(default_factory=list)
    keys: list[Key] = Field(default_factory=list)
    service_tokens: list[str] = Field(default_factory=list, repr=False)
    data_plane: bool = False
    """Whether the console has a data plane, which tests connections and runs functions."""
    source_specs: list[SourceSpec] = Field(default_factory=list)

    @model_validator(mode="after")
    def _references_exist(self) -> JitsuSeed:
        users = {user.id for user in self.users}
        for key in self.keys:
            if key.user not in users:
                message = f"keys: key {key.name!r} belongs to user {key.user!r}; write one of {sorted(users)}"
                raise ValueError(message)
        known = {name for one in self.workspaces for name in (one.id, one.slug)}
        for user in self.users:
            for workspace in user.roles.keys() - known:
                message = f"users: {user.id!r} has a role in {workspace!r}; write one of {sorted(known)}"
                raise ValueError(message)
        return self


class Organization(_Part):
    """A Harmony organization; without `zone_url` it is at the sandbox's own address."""

    id: str = Field(min_length=1)
    name: str = ""
    zone_url: str | None = None


class Account(_Part):
    """A Harmony account; with `tfa` it requires a code after the password, with `sso_only` it accepts no password."""

    email: str = Field(min_length=1)
    password: str = Field(min_length=1, repr=False)
    organizations: list[str] = Field(default_factory=list)
    tfa: bool = False
    sso_only: bool = False


class JitterbitSeed(_Part):
    """The content of Harmony at its start, and the credentials of the adapter and the gateway.

    `gateway_credentials` is the value of `Authorization` that the gateway accepts for every security profile.
    """

    organizations: list[Organization] = Field(default_factory=list)
    users: list[Account] = Field(default_factory=list)
    adapter_token: str = Field(default="", repr=False)
    gateway_credentials: str = Field(default="", repr=False)

    @model_validator(mode="after")
    def _references_exist(self) -> JitterbitSeed:
        known = {organization.id for organization in self.organizations}
        for user in self.users:
            for organization in set(user.organizations) - known:
                message = f"users: {user.email!r} is in organization {organization!r}; write one of {sorted(known)}"
                raise ValueError(message)
        return self


class Seed(_Part):
    """A whole seed."""

    jitsu: JitsuSeed = Field(default_factory=JitsuSeed)
    jitterbit: JitterbitSeed = Field(default_factory=JitterbitSeed)


def parse(content: str, source: str) -> Seed:
    """Return the seed in a YAML text; raise SeedError with each wrong field and the expected value."""
    try:
        return Seed.model_validate(yaml.safe_load(content) or {})
    except yaml.YAMLError as error:
        message = f"{source} is no YAML: {error}"
        raise SeedError(message) from error
    except ValidationError as error:
        faults = "; ".join(f"{_dotted(one['loc'])}: {one['msg']}" for one in error.errors(include_input=False))
        message = f"{source} is no seed: {faults}"
        raise SeedError(message) from None


def load(path: Path) -> Seed:
    """Return the seed in a file."""
    return parse(path.read_text(encoding="utf-8"), str(path))


def shipped(name: Literal["default", "recorded"]) -> Seed:
    """Return one of the seeds in this package."""
    file = files("jitops_sandbox") / "seeds" / f"{name}.yaml"
    return parse(file.read_text(encoding="utf-8"), file.name)


def moment(written: datetime | None, otherwise: datetime) -> datetime:
    """Return a moment of the seed in UTC, or `otherwise` if the seed has none."""
    if written is None:
        return otherwise
    return written if written.tzinfo else written.replace(tzinfo=UTC)


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "(the whole file)"

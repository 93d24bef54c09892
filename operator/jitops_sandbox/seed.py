"""Seeds: who and what exists when the sandbox starts, written in YAML and checked before anything listens."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

if TYPE_CHECKING:
    from pathlib import Path

Role = Literal["owner", "editor", "analyst"]


class SeedError(ValueError):
    """The seed can't be used; the message names each field and what to write there."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Workspace(_Part):
    """A Jitsu workspace."""

    id: str = Field(min_length=1)
    slug: str
    name: str = ""
    deleted: bool = False
    createdAt: datetime | None = None  # noqa: N815 - as it stands in the file


class User(_Part):
    """A Jitsu user; `roles` maps a workspace, by id or slug, to the user's role in it."""

    id: str = Field(min_length=1)
    admin: bool = False
    roles: dict[str, Role] = Field(default_factory=dict)


class Key(_Part):
    """An API key of a user: the bearer is `id:secret`; `name` is how tests and recordings speak of it."""

    name: str
    id: str = Field(min_length=1, pattern="^[^:]+$")
    secret: str = Field(min_length=1, pattern="^[^:]+$", repr=False)
    user: str
    label: str = ""
    """The name that the console shows for the key, if another one than `name`."""
    expires: datetime | None = None
    createdAt: datetime | None = None  # noqa: N815 - as it stands in the file


class SourceSpec(_Part):
    """A connector's specification that the console has cached: the dotted paths of its secret credentials."""

    package: str
    version: str
    secrets: list[str]


class JitsuSeed(_Part):
    """What the Jitsu console holds at its start."""

    workspaces: list[Workspace] = Field(default_factory=list)
    users: list[User] = Field(default_factory=list)
    keys: list[Key] = Field(default_factory=list)
    serviceTokens: list[str] = Field(default_factory=list, repr=False)  # noqa: N815 - as it stands in the file
    dataPlane: bool = False  # noqa: N815 - as it stands in the file
    """Whether the console has a data plane at hand, which tries connections and functions."""
    sourceSpecs: list[SourceSpec] = Field(default_factory=list)  # noqa: N815 - as it stands in the file

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
    """A Harmony organization; without `zoneUrl` it lives on the sandbox's own address."""

    id: str = Field(min_length=1)
    name: str = ""
    zoneUrl: str | None = None  # noqa: N815 - as it stands in the file


class Account(_Part):
    """A Harmony account; `tfa` asks for a code after the password, `ssoOnly` never takes the password."""

    email: str = Field(min_length=1)
    password: str = Field(min_length=1, repr=False)
    organizations: list[str] = Field(default_factory=list)
    tfa: bool = False
    ssoOnly: bool = False  # noqa: N815 - as it stands in the file


class JitterbitSeed(_Part):
    """What Harmony holds at its start, what the adapter for Custom APIs asks for, and what lets callers in.

    `gatewayCredentials` is the value of `Authorization` that the gateway takes for every security profile.
    """

    organizations: list[Organization] = Field(default_factory=list)
    users: list[Account] = Field(default_factory=list)
    adapterToken: str = Field(default="", repr=False)  # noqa: N815 - as it stands in the file
    gatewayCredentials: str = Field(default="", repr=False)  # noqa: N815 - as it stands in the file

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
    """Read a seed from YAML; SeedError names each wrong field and what is expected there."""
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
    """Read a seed from a file."""
    return parse(path.read_text(encoding="utf-8"), str(path))


def shipped(name: Literal["default", "recorded"]) -> Seed:
    """Give one of the seeds that come with jitops."""
    file = files("jitops_sandbox") / "seeds" / f"{name}.yaml"
    return parse(file.read_text(encoding="utf-8"), file.name)


def moment(written: datetime | None, otherwise: datetime) -> datetime:
    """Give a moment of the seed in UTC, or another one where the seed has none."""
    if written is None:
        return otherwise
    return written if written.tzinfo else written.replace(tzinfo=UTC)


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "(the whole file)"

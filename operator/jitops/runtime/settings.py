"""The settings of an operator process and the environment variables that set them.

Every setting is read from the variable of its name in capitals after `JITOPS_`: `JITOPS_NAMESPACES=a,b`,
`JITOPS_WORKERS=8`, `JITOPS_RESYNC_PERIOD=10m`. The options of `jitops run` are made from the same fields and their
docstrings (`cli.options`), and read in the same way.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from jitops.api.schema.strings import read_duration

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PREFIX = "JITOPS_"

REASONS = {
    "bool_parsing": "write true or false",
    "greater_than_equal": "write {ge} or more",
    "int_parsing": "write a whole number",
    "less_than_equal": "write {le} or less",
    "literal_error": "write {expected}",
    "value_error": "{error}",
}
"""What to write instead, by pydantic's type of error; the names in braces are in the error's context."""


class InvalidSetting(ValueError):
    """A setting cannot be read; `reason` says what to write, the message names the environment variable too."""

    def __init__(self, error: ErrorDetails) -> None:
        self.setting = str(error["loc"][0])
        self.reason = REASONS.get(error["type"], error["msg"]).format(**error.get("ctx", {}))
        super().__init__(f"{variable(self.setting)}={error['input']!r} can't be read: {self.reason}")


def variable(setting: str) -> str:
    """Return the name of the environment variable of a setting."""
    return PREFIX + setting.upper()


def _duration(text: object) -> timedelta:
    try:
        return read_duration(text.strip() if isinstance(text, str) else text)
    except ValueError:
        raise ValueError("write a duration such as 90s, 10m or 1h30m, or 0") from None


def _names(value: object) -> object:
    """Split a list at its commas; the parts of a sequence may be lists too."""
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    return tuple(name.strip() for part in parts for name in str(part).split(",") if name.strip())


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _path(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


Period = Annotated[timedelta, BeforeValidator(_duration)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]
Port = Annotated[int | None, Field(ge=0, le=65535), AfterValidator(lambda port: port or None)]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]
LogFormat = Literal["text", "json"]


class Settings(BaseSettings):
    """All settings of an operator process; the defaults are those of a cluster-wide installation."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        use_attribute_docstrings=True,
    )

    kubeconfig: Annotated[Path | None, BeforeValidator(_path)] = None
    """The kubeconfig. Default: $KUBECONFIG, else the pod's service account, else ~/.kube/config."""
    context: str | None = None
    """The context of the kubeconfig to use. Default: its current one."""
    namespaces: Names = ()
    """A namespace to serve, with Roles only; may be repeated. Default: all namespaces, with ClusterRoles."""
    cluster_id: str | None = None
    """The identity that distinguishes objects made from this cluster. Default: the UID of kube-system."""
    operator_namespace: str | None = None
    """The namespace of the Lease and the hash key. Default: the pod's, else the context's."""
    workers: Annotated[int, Field(ge=1)] = 32
    """How many resources are reconciled at once. Default: 32."""
    resync_period: Period = timedelta(minutes=10)
    """How often all resources are compared with the remotes; 0: never. Default: 10m."""
    paused: bool = False
    """Compare and report, but write nothing to any remote. Default: no."""
    deletion_policy: Literal["Delete", "Retain"] = "Delete"
    """What happens to remote objects where neither the resource nor its connection says so. Default: Delete."""
    slow_retry: Period = timedelta(minutes=5)
    """The time between retries of what only a person can fix. Default: 5m."""
    secrets_watch: bool = True
    """Watch labelled Secrets. Default: yes."""
    leader_election: bool = True
    """Write only while holding the Lease. Default: yes."""
    lease_name: str = "jitops"
    """The name of the Lease. Default: jitops."""
    probes_port: Port = 8080
    """The port of /healthz and /readyz; 0: none; may be that of the metrics. Default: 8080."""
    metrics_port: Port = 9090
    """The port of /metrics; 0: none. Default: 9090."""
    log_level: LogLevel = "info"
    """The lowest level that is logged. Default: info."""
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] = "text"
    """The format of the log. Default: text."""

    @property
    def namespaced(self) -> bool:
        """Return whether only named namespaces are served, so that no cluster-wide right is needed."""
        return bool(self.namespaces)

    @classmethod
    def from_environment(cls, **options: object) -> Self:
        """Return the settings, options before the environment before defaults; raise InvalidSetting for a bad value."""
        try:
            return cls(**cast("dict[str, Any]", options))
        except ValidationError as error:
            raise InvalidSetting(error.errors()[0]) from None

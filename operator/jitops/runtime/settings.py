"""What an operator process can be told, and how the environment tells it.

`jitops run` fills a `Settings` from its options; `kopf run -m jitops.handlers` reads the same names from the
environment, in capitals after `JITOPS_`: `JITOPS_NAMESPACES=a,b`, `JITOPS_WORKERS=8`, `JITOPS_RESYNC_PERIOD=10m`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, cast

from jitops.api.schema.strings import read_duration

PREFIX = "JITOPS_"
LogFormat = Literal["text", "json"]
FORMATS: tuple[LogFormat, ...] = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")
TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; the defaults are those of a cluster-wide installation."""

    kubeconfig: Path | None = None
    """None: `KUBECONFIG`, else the pod's service account, else `~/.kube/config`."""
    context: str | None = None
    """A context of the kubeconfig; None: its current one."""
    namespaces: tuple[str, ...] = ()
    """The namespaces to serve, with Roles alone; none means all, with ClusterRoles."""
    cluster_id: str | None = None
    """What tells this cluster's objects from others'; None: the UID of kube-system."""
    operator_namespace: str | None = None
    """Where the Lease and the hash key live; None: the pod's namespace, else the context's."""
    workers: int = 32
    resync_period: timedelta = timedelta(minutes=10)
    slow_retry: timedelta = timedelta(minutes=5)
    secrets_watch: bool = True
    leader_election: bool = True
    lease_name: str = "jitops"
    probes_port: int | None = 8080
    metrics_port: int | None = 9090
    """Metrics and probes may share a port; None serves neither."""
    log_level: str = "info"
    log_format: LogFormat = "text"

    @property
    def namespaced(self) -> bool:
        """Say whether only named namespaces are served, so that no right of the whole cluster is needed."""
        return bool(self.namespaces)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings from `JITOPS_*`; ValueError names the variable that can't be read."""
        given: dict[str, Any] = {}
        for name in (field.name for field in fields(cls)):
            text = environment.get(PREFIX + name.upper(), "")
            if text:
                given[name] = _read(name, text)
        return cls(**given)


def _read(name: str, text: str) -> object:
    try:
        return READERS.get(name, str)(text.strip())
    except (KeyError, ValueError) as error:
        raise ValueError(f"{PREFIX}{name.upper()}={text!r} can't be read: {error}") from None


def _namespaces(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _truth(text: str) -> bool:
    if text.lower() not in TRUTHS:
        raise ValueError("write true or false")
    return TRUTHS[text.lower()]


def _duration(text: str) -> timedelta:
    try:
        return read_duration(text)
    except ValueError:
        raise ValueError("write a duration such as 90s, 10m or 1h30m") from None


def _port(text: str) -> int | None:
    return int(text) or None


def _workers(text: str) -> int:
    if int(text) < 1:
        raise ValueError("at least one is needed")
    return int(text)


def _level(text: str) -> str:
    if text.lower() not in LEVELS:
        raise ValueError(f"write one of {', '.join(LEVELS)}")
    return text.lower()


def _format(text: str) -> LogFormat:
    if text.lower() not in FORMATS:
        raise ValueError(f"write one of {', '.join(FORMATS)}")
    return cast("LogFormat", text.lower())


READERS: Mapping[str, Callable[[str], object]] = {
    "kubeconfig": Path,
    "namespaces": _namespaces,
    "workers": _workers,
    "resync_period": _duration,
    "slow_retry": _duration,
    "secrets_watch": _truth,
    "leader_election": _truth,
    "probes_port": _port,
    "metrics_port": _port,
    "log_level": _level,
    "log_format": _format,
}
"""How the text of a setting is read, where it is more than a string."""

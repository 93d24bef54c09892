"""The options of `jitops run`: one for each setting, named like it and like the variable that sets it too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from jitops.api.schema.strings import read_duration

if TYPE_CHECKING:
    from jitops.runtime.settings import Settings


def settable(name: str, text: str, *flags: str, **more: Any) -> Any:  # noqa: ANN401 - as typer's own
    """Declare an option that the environment may set too."""
    return typer.Option(*flags, help=f"{text} [env: JITOPS_{name}]", show_default=False, **more)


def port(text: str) -> Any:  # noqa: ANN401 - as typer's own
    """Declare the option of a port."""
    return typer.Option(min=0, max=65535, help=text)


def duration(text: str) -> timedelta:
    """Read an option as manifests have it."""
    try:
        return read_duration(text)
    except ValueError:
        raise typer.BadParameter("write a duration such as 90s, 10m or 1h30m, or 0") from None


Kubeconfig = Annotated[
    Path | None, settable("KUBECONFIG", "The kubeconfig. Default: $KUBECONFIG, the pod's account, ~/.kube/config.")
]
Context = Annotated[str | None, settable("CONTEXT", "A context of it. Default: its current one.")]
Namespaces = Annotated[
    list[str] | None,
    settable("NAMESPACES", "A namespace to serve; may be given again. Default: all.", "-n", "--namespace"),
]
ClusterId = Annotated[
    str | None, settable("CLUSTER_ID", "What tells this cluster's objects from others'. Default: kube-system's UID.")
]
OperatorNamespace = Annotated[
    str | None, settable("OPERATOR_NAMESPACE", "Where Lease and hash key live. Default: the pod's, the context's.")
]
Workers = Annotated[int | None, settable("WORKERS", "How many resources at once. Default: 32.", min=1)]
ResyncPeriod = Annotated[
    timedelta | None, settable("RESYNC_PERIOD", "How often all is compared; 0: never. Default: 10m.", parser=duration)
]
SlowRetry = Annotated[
    timedelta | None, settable("SLOW_RETRY", "How soon to retry what a person must heal. Default: 5m.", parser=duration)
]
SecretsWatch = Annotated[
    bool | None,
    settable("SECRETS_WATCH", "Watch labelled Secrets. Default: yes.", "--secrets-watch/--no-secrets-watch"),
]
LeaderElection = Annotated[bool | None, settable("LEADER_ELECTION", "Write only with the Lease. Default: yes.")]
ProbesPort = Annotated[
    int | None, settable("PROBES_PORT", "Of /healthz and /readyz; 0: none. Default: 8080.", min=0, max=65535)
]
MetricsPort = Annotated[int | None, settable("METRICS_PORT", "Of /metrics; 0: none. Default: 9090.", min=0, max=65535)]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"] | None, settable("LOG_LEVEL", "Default: info.")]
LogFormat = Annotated[Literal["text", "json"] | None, settable("LOG_FORMAT", "Default: text.")]


def settings_from(**options: Any) -> Settings:  # noqa: ANN401 - each field of Settings has its own type
    """Lay the options that were given over what the environment says; a port of 0 is none."""
    from jitops.runtime.settings import Settings  # noqa: PLC0415 - not before it is needed

    given = {name: value for name, value in options.items() if value not in (None, (), [])}
    for port in given.keys() & {"probes_port", "metrics_port"}:
        given[port] = given[port] or None
    if "namespaces" in given:
        given["namespaces"] = tuple(given["namespaces"])
    return replace(Settings.from_environment(), **given)

"""The forms of the manifests that an import writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from jitops.api.meta import API_VERSION, TRUE, WATCH

if TYPE_CHECKING:
    from jitops.core.kube import JSON

Manifest = dict[str, Any]


class Imported(NamedTuple):
    """The manifests of an import, and a comment above those of some kinds."""

    manifests: list[Manifest]
    comments: Mapping[str, str] = {}
    notes: Sequence[str] = ()
    """A sentence for each thing that was left out."""


def resource(kind: str, name: str, **parts: JSON) -> Manifest:
    """Return a custom resource."""
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, **parts}


def watched_secret(name: str, values: Mapping[str, str]) -> Manifest:
    """Return a Secret that the operator watches."""
    labels = {"labels": {WATCH: TRUE}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, **labels}, "stringData": dict(values)}


def watched_config_map(name: str, values: Mapping[str, str]) -> Manifest:
    """Return a ConfigMap that the operator watches."""
    labels = {"labels": {WATCH: TRUE}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **labels}, "data": dict(values)}

"""The forms of the manifests that an import writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from jitops.api.meta import API_VERSION, TRUE, WATCH

if TYPE_CHECKING:
    from jitops.core.kube import JSON

Manifest = dict[str, Any]


class Imported(NamedTuple):
    """The manifests of an import, and what to say above those of a kind."""

    manifests: list[Manifest]
    comments: Mapping[str, str] = {}
    notes: Sequence[str] = ()
    """What was left out, in sentences."""


def resource(kind: str, name: str, **parts: JSON) -> Manifest:
    """Give one of our resources."""
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, **parts}


def watched_secret(name: str, values: Mapping[str, str]) -> Manifest:
    """Give a Secret that is watched; what only people know is put in by them."""
    labels = {"labels": {WATCH: TRUE}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, **labels}, "stringData": dict(values)}


def watched_config_map(name: str, values: Mapping[str, str]) -> Manifest:
    """Give a ConfigMap that is watched."""
    labels = {"labels": {WATCH: TRUE}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **labels}, "data": dict(values)}

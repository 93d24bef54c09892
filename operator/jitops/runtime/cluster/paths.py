"""The paths of the Kubernetes API for the objects that jitops reads and writes."""

from __future__ import annotations

import re

from jitops.api.meta import GROUP, VERSION
from jitops.core.kube import Key
from jitops.kinds import KINDS

PLURALS = {info.kind: info.plural for info in KINDS}
"""By kind, connections before the kinds that use them."""
NAME = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")
"""A valid name of an object. Anything else in a path could address something else."""


def collection_path(key: Key) -> str:
    """Return the path of the collection that holds an object; of all namespaces if the key names none."""
    scope = f"/namespaces/{key.namespace}" if key.namespace else ""
    match key.kind:
        case "Secret" | "ConfigMap" | "Namespace":
            return f"/api/v1{scope}/{key.kind.lower()}s"
    return f"/apis/{GROUP}/{VERSION}{scope}/{PLURALS[key.kind]}"


def object_path(key: Key) -> str:
    """Return the path of an object."""
    return f"{collection_path(key)}/{key.name}"

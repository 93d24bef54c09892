"""Names that stand in the cluster: the API group, finalizers, annotations and labels."""

from __future__ import annotations

GROUP = "jitops.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

FINALIZER = f"{GROUP}/finalizer"
"""On every resource that has, or may get, something to clean up."""
IN_USE_FINALIZER = f"{GROUP}/in-use"
"""On a credentials Secret, for as long as its connection is used."""

# Annotations that a user sets: operational switches only.
PAUSED = f"{GROUP}/paused"
"""`"true"` stops everything but a deletion with Retain."""
RECONCILE_REQUESTED_AT = f"{GROUP}/reconcile-requested-at"
"""A changed token asks for a reconcile now; it is echoed in `status.lastHandledReconcileAt`."""
FLUX_RECONCILE_REQUESTED_AT = "reconcile.fluxcd.io/requestedAt"
"""Flux's name for the same, set by `flux reconcile`."""
DRIFT_HOLD_UNTIL = f"{GROUP}/drift-hold-until"
"""An RFC 3339 time until which drift is reported and not corrected."""
RELEASE_FINALIZER = f"{GROUP}/release-finalizer"
"""The way out of a stuck deletion: the value `RELEASE_ORPHAN` lets go and leaves the remote object alone."""
RELEASE_ORPHAN = "orphan"

# What we write on Secrets and ConfigMaps of ours, and what users put on those they want watched.
WATCH = f"{GROUP}/watch"
"""The label by which Secrets and ConfigMaps are watched, outputs and labelled inputs alike."""
MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "jitops"
"""The value of `MANAGED_BY`, and the name of our field manager."""
OWNER_KIND = f"{GROUP}/owner-kind"
OWNER_NAME = f"{GROUP}/owner-name"
DATA_HASH = f"{GROUP}/data-hash"
"""The annotation with the HMAC of an output's data, by which an edit is told from our own write."""
TRUE = "true"
"""The value that a switch or a watch label must have."""

LONGEST_NAME = 63
"""How long a resource's name may be: it is a label on its Secret, and a part of that Secret's name."""

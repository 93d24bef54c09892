"""The names that jitops uses in the cluster: the API group, finalizers, annotations and labels."""

from __future__ import annotations

GROUP = "jitops.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

FINALIZER = f"{GROUP}/finalizer"
"""The finalizer of every resource that has, or may get, a remote object or outputs to clean up."""
IN_USE_FINALIZER = f"{GROUP}/in-use"
"""The finalizer of a Secret with credentials, while its connection is used."""

# Annotations that users set. They are operational switches only; everything else belongs into the spec.
PAUSED = f"{GROUP}/paused"
"""A true value pauses the resource: nothing is done for it but a deletion with the policy Retain."""
RECONCILE_REQUESTED_AT = f"{GROUP}/reconcile-requested-at"
"""A changed value requests a reconcile now; `status.lastHandledReconcileAt` then repeats it."""
FLUX_RECONCILE_REQUESTED_AT = "reconcile.fluxcd.io/requestedAt"
"""The same annotation as `flux reconcile` sets it."""
DRIFT_HOLD_UNTIL = f"{GROUP}/drift-hold-until"
"""An RFC 3339 time until which drift is reported and not corrected."""
RELEASE_FINALIZER = f"{GROUP}/release-finalizer"
"""Ends a stuck deletion: with the value `RELEASE_ORPHAN` the finalizer is removed and the remote object is kept."""
RELEASE_ORPHAN = "orphan"

# Labels and annotations of the Secrets and ConfigMaps that jitops writes.
WATCH = f"{GROUP}/watch"
"""The label by which Secrets and ConfigMaps are watched: outputs have it, and users set it on inputs."""
MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "jitops"
"""The value of `MANAGED_BY`, and the name of the operator's field manager."""
OWNER_KIND = f"{GROUP}/owner-kind"
OWNER_NAME = f"{GROUP}/owner-name"
DATA_HASH = f"{GROUP}/data-hash"
"""The annotation with the HMAC of an output's data. If the data does not match it, someone else edited it."""
TRUE = "true"
"""The value of the watch label that turns it on."""

LONGEST_NAME = 63
"""The longest name of a resource: it becomes a label value on its Secret, and a part of that Secret's name."""

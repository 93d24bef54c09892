"""The port's values."""

from __future__ import annotations

import pytest
from tests.harness.manifests import manifest

from jitops.core.kube import Resource, Secret

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.mark.parametrize("where", ["spec", "status", "annotations"])
def test_what_users_wrote_into_a_resource_never_shows(where: str) -> None:
    """A resource's `repr` names it and its version; its annotations repeat the spec, so they stay out of it too."""
    body = manifest("JitsuStream", "shop")
    (body["metadata"] if where == "annotations" else body)[where] = {APPLIED: "plaintext"}
    shown = repr(Resource.parse("JitsuStream", body))
    assert "shop" in shown
    assert "plaintext" not in shown


def test_what_a_secret_holds_never_shows() -> None:
    """Nor does a Secret's: neither its values nor the annotation in which kubectl repeats them."""
    shown = repr(Secret("team", "jitsu", {"apiKey": "plaintext"}, annotations={APPLIED: "plaintext"}))
    assert "jitsu" in shown
    assert "plaintext" not in shown

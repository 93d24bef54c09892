"""What parsed specs mean: durations, defaults that live in code, and words that others rely on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.harness.cases.case import connector, organization, stream, workspace
from tests.harness.cases.streams import FULL_STREAM

from jitops.api import meta
from jitops.api.reasons import ConditionType, EventReason, Reason
from jitops.api.schema.model import validate_spec
from jitops.api.schema.strings import read_duration, write_duration
from jitops.kinds import KINDS
from jitops.products.jitsu.stream.spec import JitsuStreamSpec
from jitops.products.jitsu.workspace.spec import JitsuWorkspaceSpec
from jitops.products.jitterbit.connector.spec import ConnectorSpec
from jitops.products.jitterbit.organization.spec import JitterbitOrganizationSpec


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0", timedelta()),
        ("0s", timedelta()),
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("24h", timedelta(days=1)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("1h0m5s", timedelta(hours=1, seconds=5)),
    ],
)
def test_durations_are_read(text: str, length: timedelta) -> None:
    """A duration means what Kubernetes users expect."""
    assert read_duration(text) == length


@given(st.integers(min_value=0, max_value=3_000_000_000))
def test_durations_survive_being_written(seconds: int) -> None:
    """What is written is read back the same."""
    length = timedelta(seconds=seconds)
    assert read_duration(write_duration(length)) == length


def test_full_stream_is_read_and_written_the_same() -> None:
    """A model holds everything that the user wrote, under the user's names."""
    spec = validate_spec(JitsuStreamSpec, FULL_STREAM)
    assert spec.model_dump(mode="json", by_alias=True, exclude_unset=True) == FULL_STREAM


def test_defaults_of_a_stream() -> None:
    """What a user leaves out has the documented meaning."""
    spec = validate_spec(JitsuStreamSpec, stream())
    assert spec.management.policy == "Managed"
    assert spec.management.adopt.mode == "Never"
    assert spec.management.drift == "Correct"
    assert spec.management.deletion_policy is None
    assert spec.management.resync_period is None
    assert spec.outputs.secret.name is None
    assert (spec.public_key_mode, spec.private_key_mode) == ("Generate", "Generate")
    assert spec.key_overlap == timedelta(hours=24)
    assert spec.workspace_ref.name == "acme"
    assert spec.workspace_ref.namespace is None


@pytest.mark.parametrize(
    ("policy", "keys", "modes"),
    [
        ("Managed", {}, ("Generate", "Generate")),
        ("Managed", {"private": "None"}, ("Generate", "None")),
        ("Observe", {}, ("None", "None")),
        ("Observe", {"public": "Generate"}, ("None", "None")),
    ],
)
def test_keys_are_made_only_where_writing_is_allowed(policy: str, keys: dict[str, Any], modes: tuple[str, str]) -> None:
    """Under Observe no key is made, whatever the spec says."""
    spec = validate_spec(JitsuStreamSpec, stream(management={"policy": policy}, keys=keys))
    assert (spec.public_key_mode, spec.private_key_mode) == modes


def test_overlap_of_nothing_is_kept_apart_from_no_overlap_given() -> None:
    """`overlap: "0"` means at once, not the default."""
    assert validate_spec(JitsuStreamSpec, stream(keys={"overlap": "0"})).key_overlap == timedelta()


def test_defaults_of_a_workspace() -> None:
    """A workspace is Jitsu's own cloud and closed to other namespaces unless it says otherwise."""
    spec = validate_spec(JitsuWorkspaceSpec, workspace())
    assert spec.base_url == "https://use.jitsu.com"
    assert spec.allowed_namespaces.from_ == "Same"
    assert spec.credentials.protect == "Always"
    assert spec.limits.get is None
    assert spec.tls.ca_ref is None


def test_name_of_the_authority_key_has_a_default() -> None:
    """The key of a certificate authority is called as everywhere in Kubernetes."""
    spec = validate_spec(JitsuWorkspaceSpec, workspace(tls={"caRef": {"kind": "Secret", "name": "ca"}}))
    assert spec.tls.ca_ref is not None
    assert spec.tls.ca_ref.key == "ca.crt"


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"region": "NA"}, "https://na-east.jitterbit.com"),
        ({"region": "EMEA"}, "https://emea-west.jitterbit.com"),
        ({"region": "APAC"}, "https://apac-southeast.jitterbit.com"),
        ({"region": "APAC", "host": "https://apac.jitterbit.com/"}, "https://apac.jitterbit.com"),
        ({"region": None, "host": "http://127.0.0.1:7720"}, "http://127.0.0.1:7720"),
    ],
)
def test_host_of_an_organization(fields: dict[str, Any], url: str) -> None:
    """The region says where to call, and a host of the user's wins."""
    assert validate_spec(JitterbitOrganizationSpec, organization(**fields)).address == url


def test_settling_takes_a_minute_unless_said() -> None:
    """Zero seconds are a wish, not a missing value."""
    assert validate_spec(JitterbitOrganizationSpec, organization()).settle == 60
    assert validate_spec(JitterbitOrganizationSpec, organization(settleSeconds=0)).settle == 0


def test_activities_of_a_connector_keep_their_order() -> None:
    """The order of the activities is the order of their ids."""
    spec = validate_spec(ConnectorSpec, connector(manifest={"activities": ["z", "a"]}))
    assert spec.manifest is not None
    assert spec.manifest.activities == ["z", "a"]
    assert spec.organization_ref.name == "acme"


def test_kinds_can_be_told_apart() -> None:
    """No two kinds share a name of any sort, and all are in the category of all."""
    names = [name for kind in KINDS for name in (kind.plural, kind.singular, *kind.short_names)]
    assert len(set(names)) == len(names)
    assert all("jitops" in kind.categories for kind in KINDS)


def test_words_of_conditions_are_fit_for_kubernetes() -> None:
    """Types and reasons are CamelCase words, as the API conventions ask."""
    for word in (*ConditionType, *Reason, *EventReason):
        assert word.isalpha()
        assert word[0].isupper()


def test_names_of_ours_are_in_our_group() -> None:
    """Only Flux's annotation and the recommended label are others' names."""
    ours = {meta.FINALIZER, meta.IN_USE_FINALIZER, meta.PAUSED, meta.WATCH, meta.DATA_HASH, meta.OWNER_NAME}
    assert all(name.startswith("jitops.dev/") for name in ours)

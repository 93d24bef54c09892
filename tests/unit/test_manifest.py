"""The manifest of a connector's JAR."""

from __future__ import annotations

from collections.abc import Sequence
from email import message_from_string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitops.core.errors import DependencyNotReady, SpecInvalid
from jitops.products.jitterbit.connector.jar_manifest import ConnectorManifest
from jitops.products.jitterbit.connector.manifest import render_manifest
from jitops.products.jitterbit.wire import ConnectorRow

ROW = ConnectorRow.parse(
    {
        "id": "1",
        "name": "billing",
        "version": "1.0.0",
        "key": "the-key",
        "secret": "the-secret",
        "endpointEntityId": 2370701,
        "functionEntityStartId": "2370702",
        "functionEntityEndId": 2370800,
    }
)


def asked(activities: Sequence[str] = (), **more: Any) -> ConnectorManifest:
    """Ask for activities, and more by the fields' own names."""
    return ConnectorManifest.model_validate({"activities": list(activities), **more}, by_alias=True)


def unfolded(text: str) -> str:
    """Join continued lines, as every reader of manifests does."""
    return text.replace("\n ", "")


def test_least() -> None:
    """Without a word in the spec it is a complete manifest: version first, and all that the registration decides."""
    text = render_manifest(ROW, None)
    assert text.splitlines() == [
        "Manifest-Version: 1.0",
        "Jitterbit-Connector: true",
        "Jitterbit-Connector-UI: adapter.json",
        "Jitterbit-Connector-Key: the-key",
        "Jitterbit-Connector-Secret: the-secret",
        "Jitterbit-Connector-Endpoint-EntityTypeId: 2370701",
    ]
    assert text.endswith("\n")


def test_complete() -> None:
    """Every field of the spec is a header, and each activity has the next id, in the order given."""
    wanted = asked(
        ["Query", "Upsert"],
        author="Acme GmbH",
        version="3.0.2",
        factoryClass="com.acme.CrmConnector",
        classPath=["lib/a.jar", "lib/b%20c.jar"],
        ui="ui/adapter.json",
    )
    assert render_manifest(ROW, wanted).splitlines() == [
        "Manifest-Version: 1.0",
        "Author: Acme GmbH",
        "Version: 3.0.2",
        "Class-Path: lib/a.jar lib/b%20c.jar",
        "Jitterbit-Connector: true",
        "Jitterbit-Connector-UI: ui/adapter.json",
        "Jitterbit-Connector-Factory-Class: com.acme.CrmConnector",
        "Jitterbit-Connector-Key: the-key",
        "Jitterbit-Connector-Secret: the-secret",
        "Jitterbit-Connector-Endpoint-EntityTypeId: 2370701",
        "Jitterbit-Activity-EntityTypeId-Query: 2370702",
        "Jitterbit-Activity-EntityTypeId-Upsert: 2370703",
    ]


def test_all_activities_of_a_registration() -> None:
    """The 99 ids are all given out, and more than the registration has are refused by field."""
    names = [f"A{number}" for number in range(99)]
    assert render_manifest(ROW, asked(names)).splitlines()[-1] == "Jitterbit-Activity-EntityTypeId-A98: 2370800"
    short = ConnectorRow.parse({"id": "1", "key": "k", "functionEntityStartId": "5", "functionEntityEndId": 6})
    with pytest.raises(SpecInvalid, match=r"spec\.manifest\.activities has 3 activities"):
        render_manifest(short, asked(names[:3]))


def test_registration_without_ids() -> None:
    """Where the remote tells no range, activities are refused, nothing is guessed, and no header is empty."""
    bare = ConnectorRow.parse({"id": "1", "key": "k", "secret": "s"})
    assert "Activity" not in render_manifest(bare, asked())
    assert "Endpoint" not in render_manifest(bare, None)
    with pytest.raises(SpecInvalid, match=r"spec\.manifest\.activities"):
        render_manifest(bare, asked(["Query"]))


@pytest.mark.parametrize("secret", ["a\nEvil: yes", "a\r\nEvil: yes", "a\rEvil: yes", "a\0"])
def test_remote_that_would_add_a_header(secret: str) -> None:
    """A value of the remote that would end its line is not written, and its text is not repeated."""
    with pytest.raises(DependencyNotReady, match="Jitterbit-Connector-Secret") as error:
        render_manifest(ConnectorRow.parse({"id": "1", "key": "k", "secret": secret}), None)
    assert "Evil" not in str(error.value)


@given(st.text(alphabet="abc123-_éß中😀 ", min_size=1, max_size=400).map(str.strip).filter(bool))
def test_long_values_are_folded(value: str) -> None:
    """No line has more than 72 bytes, no character is cut in two, and unfolding gives the value back."""
    text = render_manifest(ConnectorRow.parse({"id": "1", "key": "k", "secret": value}), None)
    assert all(len(line.encode()) <= 72 for line in text.split("\n"))
    assert f"Jitterbit-Connector-Secret: {value}\n" in unfolded(text)


@given(st.integers(1, 300))
def test_lines_are_filled(length: int) -> None:
    """As few lines as can be: each is cut at 72 bytes and not before."""
    text = render_manifest(ConnectorRow.parse({"id": "1", "secret": "x" * length}), None)
    (start,) = [at for at, line in enumerate(text.split("\n")) if line.startswith("Jitterbit-Connector-Secret")]
    lines = text.split("\n")[start:-1]
    assert all(len(line) == 72 for line in lines[:-1])
    assert sum(len(line) for line in lines) - (len(lines) - 1) == len("Jitterbit-Connector-Secret: ") + length


def test_another_reader_sees_the_same() -> None:
    """A parser that isn't ours (of the form that manifests took over) finds each header once, with its value."""
    parsed = message_from_string(unfolded(render_manifest(ROW, asked(["Query"], author="A: b", version="1"))))
    assert parsed.items()[:3] == [("Manifest-Version", "1.0"), ("Author", "A: b"), ("Version", "1")]
    assert len(parsed.keys()) == len(set(parsed.keys())) == 9
    assert parsed["Jitterbit-Activity-EntityTypeId-Query"] == "2370702"

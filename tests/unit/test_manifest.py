"""The manifest fragment of a connector."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitops.core.errors import SpecInvalid
from jitops.vendors.jitterbit.manifest import fragment
from jitops.vendors.jitterbit.wire import ConnectorRow

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


def test_headers() -> None:
    """Key, secret and endpoint are there, and each activity has the next id, in the order given."""
    assert fragment(ROW, ["Query", "Upsert"]).splitlines() == [
        "Jitterbit-Connector: true",
        "Jitterbit-Connector-Key: the-key",
        "Jitterbit-Connector-Secret: the-secret",
        "Jitterbit-Connector-Endpoint-EntityTypeId: 2370701",
        "Jitterbit-Activity-EntityTypeId-Query: 2370702",
        "Jitterbit-Activity-EntityTypeId-Upsert: 2370703",
    ]


def test_all_activities_of_a_registration() -> None:
    """The 99 ids are all given out, and a hundredth activity is refused by field."""
    names = [f"A{number}" for number in range(99)]
    assert fragment(ROW, names).splitlines()[-1] == "Jitterbit-Activity-EntityTypeId-A98: 2370800"
    with pytest.raises(SpecInvalid, match=r"spec\.manifest\.activities names 100"):
        fragment(ROW, [*names, "A99"])


def test_registration_without_ids() -> None:
    """Where the remote tells no range, activities are refused and nothing is guessed."""
    bare = ConnectorRow.parse({"id": "1", "key": "k", "secret": "s"})
    assert "Activity" not in fragment(bare, [])
    with pytest.raises(SpecInvalid, match=r"spec\.manifest\.activities"):
        fragment(bare, ["Query"])


@given(st.text(alphabet="abc123-_", min_size=1, max_size=400))
def test_long_values_are_folded(secret: str) -> None:
    """No line has more than 72 bytes, and unfolding gives the value back."""
    row = ConnectorRow.parse({"id": "1", "key": "k", "secret": secret})
    text = fragment(row, [])
    assert text.endswith("\n")
    assert all(len(line.encode()) <= 72 for line in text.splitlines())
    assert f"Jitterbit-Connector-Secret: {secret}\n" in text.replace("\n ", "")

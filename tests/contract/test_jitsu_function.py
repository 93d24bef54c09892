"""Functions at both builds of the console: what a write makes is foretold, and of code no more than a hash is kept."""

from __future__ import annotations

from typing import Any

import pytest
from tests.harness.jitsu_console import World, world

from jitops.core.clock import SystemClock
from jitops.core.errors import NotYet
from jitops.products.jitsu.function.wire import FunctionRow, code_hash
from jitops.products.jitsu.wire import UNSET

__all__ = ["world"]

FUNCTION: dict[str, Any] = {
    "id": "enrich0",
    "name": "Enrich",
    "code": "let a;\r\n",
    "draft": "let b;",
    "kind": "event",
    "slug": "enrich",
    "description": "what it does",
    "version": "1",
    "origin": "jitsu-cli",
}


def listed(world: World) -> FunctionRow:
    """Read the one function as the console lists it."""
    (found,) = world.sandbox.jitsu.objects("function")
    return FunctionRow.parse(found)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Renamed", "code": "let a;\n"},
        {"description": UNSET, "kind": UNSET, "slug": UNSET, "draft": UNSET, "version": UNSET, "origin": UNSET},
        {"description": "", "kind": "profile"},
        {},
    ],
    ids=["changed", "removed", "emptied", "nothing"],
)
async def test_what_a_write_makes_is_foretold(world: World, body: dict[str, Any]) -> None:
    """The row put into the snapshot equals the row that the console lists afterwards."""
    client = await world.client()
    await client.create("function", FUNCTION)
    assert client.listing("function").seen("enrich0") == listed(world)
    await client.update("function", "enrich0", body)
    assert client.listing("function").seen("enrich0") == listed(world)


async def test_of_code_no_more_than_a_hash_is_kept(world: World) -> None:
    """A listing with megabytes of code leaves some hundred bytes a row; equal lengths don't make equal code."""
    client = await world.client()
    code = "x" * 2_000_000
    await client.create("function", {**FUNCTION, "code": code, "draft": code})
    row = (await client.listing("function").get(SystemClock().monotonic())).rows["enrich0"]
    assert sum(len(value) for value in row.fields.values()) < 1000
    assert row.fields["code"] == code_hash(code) != code_hash("y" + code[1:])
    assert "x" * 10 not in repr(row)


async def test_a_vanished_function_is_looked_for_again(world: World) -> None:
    """A PUT of what is gone, 500 or 404, takes it out of the snapshot, and the next attempt comes soon."""
    client = await world.client()
    await client.create("function", FUNCTION)
    world.sandbox.jitsu.remove("enrich0")
    with pytest.raises(NotYet):
        await client.update("function", "enrich0", {"name": "n"})
    assert client.listing("function").seen("enrich0") is None
    assert await client.get("function", "enrich0") is None


@pytest.mark.parametrize(
    "body", [{}, {"id": 1, "name": None, "code": 7, "kind": ["event"]}, {"code": "\ud800"}], ids=["bare", "odd", "half"]
)
def test_no_function_is_too_strange_to_be_read(body: dict[str, Any]) -> None:
    """Whatever the console lists, the other functions can still be compared."""
    assert FunctionRow.parse(body) == FunctionRow.parse(dict(body))

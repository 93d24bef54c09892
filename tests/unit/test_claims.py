"""The index of claims: whoever claims something is found, and nobody else."""

from __future__ import annotations

from tests.harness.clock import TurnedClock
from tests.harness.manifests import resource

from jitops.core.index.ownership import Claims
from jitops.core.kube import Key, Resource
from jitops.kinds import registry
from jitops.remote.client import HttpPool

CLOCK = TurnedClock()


def stream(name: str, id_: str | None = None, adopt: str | None = None) -> Resource:
    """Make a stream with an id, or one that asks to adopt."""
    spec = {"management": {"adopt": {"id": adopt}}} if adopt else {}
    return resource(Key("JitsuStream", "web", name), spec, status={"id": id_} if id_ else {})


def claimants(claims: Claims, *wanted: str) -> list[str]:
    """Name the streams that make any of these claims."""
    return [key.name for key in claims.claimants("JitsuStream", wanted)]


def test_claims_follow_the_resource() -> None:
    """A claim counts from when it is seen until it is made no more, and only for its kind."""
    claims = Claims(registry(HttpPool(CLOCK), CLOCK))
    claims.declare(stream("holder", id_="x"))
    claims.declare(stream("taker", adopt="x"))
    assert claimants(claims, "x") == ["holder", "taker"]
    assert claims.claimants("JitsuFunction", ["x"]) == []
    claims.declare(stream("holder", id_="y"))
    assert claimants(claims, "x") == ["taker"]
    assert claimants(claims, "x", "y") == ["holder", "taker"]
    claims.forget(Key("JitsuStream", "web", "taker"))
    claims.forget(Key("JitsuStream", "web", "never seen"))
    assert claimants(claims, "x") == []

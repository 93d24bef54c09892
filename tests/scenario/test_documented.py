"""What Jitterbit may be asked: the six documented calls, and nothing else."""

from __future__ import annotations

import pytest
from tests.harness.world.documented import HARMONY
from tests.harness.world.world import World

from jitops_sandbox.record import Request

INVENTED = [
    ("jitterbit", "GET", f"{HARMONY}/orgs/100200/apis"),
    ("jitterbit", "PUT", f"{HARMONY}/orgs/100200/connector/1"),
    ("jitterbit", "POST", f"{HARMONY}/user/login"),
    ("jitterbit", "PUT", f"{HARMONY}/user/login/tfacode"),
    ("jitterbit", "GET", "/v1/organizations/100200/apis"),
    ("adapter", "POST", "/v1/organizations/100200/apis/a/discard"),
    ("gateway", "POST", "/dev/customers"),
]


@pytest.mark.parametrize(("product", "method", "path"), INVENTED)
async def test_invented_call_is_noticed(world: World, product: str, method: str, path: str) -> None:
    """Each scenario ends with a look at what Harmony, adapter and gateway heard, and fails for a call like these."""
    world.insist_on_documented_calls()
    world.sandbox.requests.add(Request(product, method, path, {}, 0.0))
    with pytest.raises(AssertionError, match="nobody documents"):
        world.forget()
    world.sandbox.requests.clear()

"""Opens the client of a JitsuWorkspace."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jitops.core.errors import SpecInvalid
from jitops.products.jitsu import errors
from jitops.products.jitsu.client import JitsuClient
from jitops.products.jitsu.object_type import ObjectType
from jitops.remote.budget import limits_by_method
from jitops.remote.exchange import HttpConfig

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.core.contract.client import Opening
    from jitops.remote.client import HttpPool

BUDGET = {"GET": 600, "POST": 120, "PUT": 120, "DELETE": 60}
"""The console's default limits per key and minute (docs/reference/jitsu.md section 7), until an answer has its own."""
API_KEY = re.compile(r"([!-9;-~]+):([!-~]+)")


async def open_workspace(
    opening: Opening, pool: HttpPool, clock: Clock, types: Iterable[ObjectType[Any]]
) -> JitsuClient:
    """Return the client of a JitsuWorkspace; no request is made yet."""
    raw = opening.credentials["apiKey"]
    match = API_KEY.fullmatch(raw.strip())
    if match is None:
        raise SpecInvalid("the Secret's apiKey must have the form keyId:secret, in printable ASCII without spaces")
    key_id, secret = match.groups()
    access = HttpConfig(
        base_url=opening.spec.base_url,
        ca=opening.ca,
        account=key_id,
        classify=errors.classify,
        connection=opening.key,
        headers={"Authorization": f"Bearer {key_id}:{secret}"},
        secrets=(raw, match.group(), secret),
        budget=BUDGET,
        limits=limits_by_method(opening.spec.limits),
    )
    return JitsuClient(pool.http(access), opening.spec.workspace, clock, types)

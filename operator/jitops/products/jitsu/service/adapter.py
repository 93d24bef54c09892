"""JitsuService: a service of a workspace (docs/reference/jitsu.md section 4).

Its secrets are masked only while the console has the connector's specification at hand, and come back in clear before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.products.jitsu.masked.adapter import MaskedAdapter
from jitops.products.jitsu.masked.sealed import seal
from jitops.products.jitsu.masked.wire import MaskedRow, masked_type
from jitops.products.jitsu.service.spec import JitsuServiceSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.contract.desired import Desired, Prepared
    from jitops.core.contract.observation import Observation
    from jitops.core.kube import JSON


class ServiceAdapter(MaskedAdapter[JitsuServiceSpec]):
    """Services of one workspace."""

    object_type = masked_type("service", "JitsuService")
    root = "credentials"
    base = ("credentials",)

    def plain(self, desired: Desired[JitsuServiceSpec]) -> Mapping[str, JSON]:
        """Give name and connector."""
        spec = desired.spec
        return {"name": spec.name or desired.key.name, "package": spec.package, "version": spec.version}

    def same_type(self, desired: Desired[JitsuServiceSpec], observation: Observation[MaskedRow]) -> bool:
        """Compare the packages: what one connector keeps secret may be no secret of another."""
        return observation.remote.at(("package",)) == seal(desired.spec.package)

    async def trial(self, desired: Prepared[JitsuServiceSpec, None]) -> str | None:
        """Have the connector try its credentials, which takes the console a while."""
        return await self._client.trials.service(self.whole(desired), self.secrets(desired))

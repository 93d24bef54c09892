"""JitsuService: a service of a workspace (reference/jitsu.md section 4).

Its secrets are masked only while the console has the connector's specification at hand, and come back in clear before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.products.jitsu.masked.adapter import MaskedAdapter
from jitops.products.jitsu.masked.sealed import seal
from jitops.products.jitsu.service.spec import JitsuServiceSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.contract.desired import Wanted
    from jitops.core.contract.observation import External
    from jitops.core.kube import JSON
    from jitops.products.jitsu.masked.wire import MaskedRow


class ServiceAdapter(MaskedAdapter[JitsuServiceSpec]):
    """Services of one workspace."""

    type = "service"
    root = "credentials"
    base = ("credentials",)

    def plain(self, wanted: Wanted[JitsuServiceSpec]) -> Mapping[str, JSON]:
        """Give name and connector."""
        spec = wanted.spec
        return {"name": spec.name or wanted.key.name, "package": spec.package, "version": spec.version}

    def same_type(self, wanted: Wanted[JitsuServiceSpec], external: External[MaskedRow]) -> bool:
        """Compare the packages: what one connector keeps secret may be no secret of another."""
        return external.remote.at(("package",)) == seal(wanted.spec.package)

    async def trial(self, wanted: Wanted[JitsuServiceSpec]) -> str | None:
        """Have the connector try its credentials, which takes the console a while."""
        return await self._client.trials.service(self.whole(wanted), self.secrets(wanted))

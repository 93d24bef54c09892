"""The adapter of JitsuService (docs/reference/jitsu.md section 4).

The console masks the secrets of a service only once it has loaded the specification of the connector. Before that it
returns them in plain text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

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
    """The services of one workspace."""

    object_type = masked_type("service", "JitsuService")
    root = "credentials"
    base = ("credentials",)

    @override
    def plain(self, desired: Desired[JitsuServiceSpec]) -> Mapping[str, JSON]:
        """Return the name, and the package and version of the connector."""
        spec = desired.spec
        return {"name": spec.name or desired.key.name, "package": spec.package, "version": spec.version}

    @override
    def has_same_type(self, desired: Desired[JitsuServiceSpec], observation: Observation[MaskedRow]) -> bool:
        """Return whether the packages are equal: a secret of one connector may not be a secret of another."""
        return observation.remote.at(("package",)) == seal(desired.spec.package)

    @override
    async def test_connection(self, desired: Prepared[JitsuServiceSpec, None]) -> str | None:
        """Test the credentials with the connector; NotYet while the console runs it."""
        return await self._client.preflight.service(self.whole(desired), self.secrets(desired))

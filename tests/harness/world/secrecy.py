"""The search for secrets in all that anybody can read."""

from __future__ import annotations

import json

from tests.harness.world.view import View
from tests.harness.world.witness import Witness

from jitops.core.kube import Secret

SHORTEST_SECRET = 8


class Secrecy(View):
    """The secrets that a world ever had, and where none may be found."""

    witness: Witness
    planted: set[str]

    def _plant(self) -> None:
        """Remember every secret that exists now."""
        secrets = [value for secret in self.store.secrets() for value in secret.data.values()]
        keys = self.sandbox.jitterbit.connectors()
        hidden = [*secrets, *(one.key for one in keys), *(one.secret for one in keys)]
        public = {*self.public_values()}
        parts = [part for value in {*hidden} - public for part in (value, value.partition(":")[2])]
        self.planted |= {part for part in parts if len(part) >= SHORTEST_SECRET and part not in public}

    def public_values(self) -> list[str]:
        """Return the values of output Secrets that are no secrets: ids, under any name."""
        shown = [value for secret in self.store.secrets() for value in _public(secret)]
        return [
            *shown,
            *self.sandbox.jitsu.state.objects,
            *(str(self.status(key).get("id", "")) for key in self.store.named()),
        ]

    def told(self) -> str:
        """Return all that a reader without rights on Secrets may see."""
        bodies = [json.dumps(self.store.body(key)) for key in self.store.named()]
        events = [f"{key} {event!r}" for key, event in self.store.events]
        return "\n".join([*bodies, *self.store.told, *events, *self.witness.heard])

    def reveals(self, text: str) -> set[str]:
        """Return the planted secrets that a text contains."""
        self._plant()
        return {secret for secret in self.planted if secret in text}


def _public(secret: Secret) -> list[str]:
    names = json.loads(secret.annotations.get("jitops.dev/outputs", "{}")).get("keys", {})
    return [secret.data.get(names.get(name, name), "") for name in PUBLIC_OUTPUTS]


PUBLIC_OUTPUTS = (
    "id",
    "publicKeyId",
    "privateKeyId",
    "endpointEntityId",
    "functionEntityStartId",
    "functionEntityEndId",
    "email",
    "url",
    "baseUrl",
)

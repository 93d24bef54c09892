"""The products' side of the demo: what they hold, and a colleague who changes it by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from jitops_sandbox import Sandbox

BY_HAND = "Changed by hand"


@dataclass(frozen=True, slots=True)
class Remote:
    """Both sandboxes as one inventory."""

    sandbox: Sandbox

    def inventory(self) -> dict[str, str]:
        """Give everything that the products hold: id → what it is."""
        held = self.sandbox.jitsu.summary()
        objects = {one["id"]: f"{kind} “{one['name']}”" for kind, many in held["objects"].items() for one in many}
        links = {one["id"]: "link" for one in held["links"]}
        connectors = {one.id: f"connector “{one.name}” {one.version}" for one in self.sandbox.jitterbit.connectors()}
        apis = {one.key: f"Custom API, {one.state}" for one in self.sandbox.jitterbit.apis.all()}
        return {**objects, **links, **connectors, **apis}

    async def answer(self, url: str) -> int:
        """Call an address as a customer does, without credentials, and give the status of the answer."""
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status

    def links(self) -> dict[str, tuple[str, str]]:
        """Give the two ends of each link, by their ids."""
        return {one["id"]: (one["fromId"], one["toId"]) for one in self.sandbox.jitsu.summary()["links"]}

    def deletions(self) -> list[str]:
        """Give the ids of what was deleted in the console, in that order."""
        deletions = (one for one in self.sandbox.requests if (one.product, one.method) == ("jitsu", "DELETE"))
        return [one.query.get("id") or one.path.rpartition("/")[2] for one in deletions]

    def name_of(self, stream: str) -> str:
        """Read a stream's name as the console has it now."""
        return str(self.sandbox.jitsu.stored(stream)["name"])

    def rename(self, stream: str) -> None:
        """Give a stream another name, as somebody does in the console."""
        self.sandbox.jitsu.change(stream, name=BY_HAND)

    def publish(self, organization: str, name: str, version: str) -> None:
        """Publish a connector in the Connector Builder, as somebody does there."""
        self.sandbox.jitterbit.publish_in_builder(organization, name, version)

    def unregister(self, connector: str) -> None:
        """Delete a connector's registration, as somebody does in Harmony."""
        self.sandbox.jitterbit.remove(connector)

"""The products' side of the demo: their objects, and a colleague who changes them by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from jitops_sandbox import Sandbox

BY_HAND = "Changed by hand"


@dataclass(frozen=True, slots=True)
class Remote:
    """The objects of both products."""

    sandbox: Sandbox

    def inventory(self) -> dict[str, str]:
        """Return the objects of both products: a description by id."""
        held = self.sandbox.jitsu.summary()
        objects = {one["id"]: f"{kind} “{one['name']}”" for kind, many in held["objects"].items() for one in many}
        links = {one["id"]: "link" for one in held["links"]}
        connectors = {one.id: f"connector “{one.name}” {one.version}" for one in self.sandbox.jitterbit.connectors()}
        apis = {one.key: f"Custom API, {one.state}" for one in self.sandbox.jitterbit.apis.all()}
        return {**objects, **links, **connectors, **apis}

    async def answer(self, url: str) -> int:
        """Call an address without credentials, as a customer does, and return the status of the answer."""
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status

    def links(self) -> dict[str, tuple[str, str]]:
        """Return the ids of the two ends of each link, by the link's id."""
        return {one["id"]: (one["fromId"], one["toId"]) for one in self.sandbox.jitsu.summary()["links"]}

    def deletions(self) -> list[str]:
        """Return the ids of the objects deleted in the console, in order."""
        deletions = (one for one in self.sandbox.requests if (one.product, one.method) == ("jitsu", "DELETE"))
        return [one.query.get("id") or one.path.rpartition("/")[2] for one in deletions]

    def name_of(self, stream: str) -> str:
        """Return a stream's current name in the console."""
        return str(self.sandbox.jitsu.stored(stream)["name"])

    def rename(self, stream: str) -> None:
        """Rename a stream, as a person does in the console."""
        self.sandbox.jitsu.change(stream, name=BY_HAND)

    def publish(self, organization: str, name: str, version: str) -> None:
        """Publish a connector in the Connector Builder, as a person does there."""
        self.sandbox.jitterbit.publish_in_builder(organization, name, version)

    def unregister(self, connector: str) -> None:
        """Delete a connector's registration, as a person does in Harmony."""
        self.sandbox.jitterbit.remove(connector)

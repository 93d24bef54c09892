"""The steps of the demo. Each is checked against the products before it is reported as done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.table import Table
from rich.text import Text

from jitops.kinds import KINDS
from jitops.local.documents import is_output
from jitops.local.progress import print_line, progress, row_of, table
from jitops_sandbox.demo.examples import as_drafts, examples
from jitops_sandbox.demo.remote import BY_HAND, Remote
from jitops_sandbox.jitterbit.adapter import NOTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from jitops.core.kube import Resource, Secret
    from jitops.local.manifests import Manifest
    from jitops.local.progress import Progress
    from jitops_sandbox import Sandbox


CONNECTIONS = frozenset(info.kind for info in KINDS if info.is_connection)


class DemoFailed(Exception):
    """A step is not as it should be; the message is a sentence."""


class Stage(Protocol):
    """The place of the resources: a local folder, or a cluster."""

    how_applied: str
    """How a person does what `apply` does."""
    how_repaired: str
    """What makes the operator compare before its next resync."""

    async def apply(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        """Apply manifests and wait until all are Ready; raise DemoFailed if they don't become so."""

    async def look_again(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        """Compare all resources with their remote objects now, and wait until all are Ready."""

    async def delete(self, manifests: Sequence[Manifest], progress: Progress) -> None:
        """Delete all resources and wait until they are; raise DemoFailed if one remains."""

    async def resources(self) -> list[Resource]:
        """Return all resources."""

    async def secrets(self) -> list[Secret]:
        """Return the Secrets that the operator wrote, and perhaps others."""


class Story:
    """One run of the demo on a stage."""

    def __init__(self, console: Console, stage: Stage, sandbox: Sandbox) -> None:
        self._console = console
        self._stage = stage
        self._remote = Remote(sandbox)
        self._sandbox = sandbox
        self._examples = examples(sandbox)
        self._manifests = as_drafts(self._examples)
        self._step = 0
        self._before: dict[str, str] = {}
        """The objects of the products before the operator did anything."""

    async def tell(self) -> None:
        """Run all steps."""
        print_line(self._console, f"Jitsu is at {self._sandbox.jitsu_url}, Harmony at {self._sandbox.jitterbit_url}.")
        print_line(self._console, f"The adapter for Custom APIs is at {self._sandbox.adapter_url}: {NOTE}")
        self._publish_by_hand()
        await self._create()
        await self._show_secrets()
        await self._show_manifest()
        await self._publish()
        await self._repair()
        await self._delete()
        print_line(self._console, "\nEvery line with a ✓ was checked against the products' own state.")

    def _publish_by_hand(self) -> None:
        """Publish the connectors of the Connector Builder, which has no API, as a person would."""
        organization = self._sandbox.credentials.organization
        for one in self._manifests:
            if one.spec.get("source") == "Builder":
                self._remote.publish(organization, one.spec["name"], one.spec["version"])
                title = f"“{one.spec['name']}” {one.spec['version']}"
                print_line(self._console, f"A colleague has published the connector {title} in the Connector Builder.")
        self._before = self._remote.inventory()

    async def _create(self) -> None:
        self._head(f"The examples are applied: {self._stage.how_applied}")
        with self._shown() as progress:
            await self._stage.apply(self._manifests, progress)
        resources = await self._stage.resources()
        if not self._console.is_terminal:
            self._console.print(table([row_of(resource) for resource in resources]))
        wanted = {manifest.key for manifest in self._manifests if manifest.spec}
        _check({one.key for one in resources} == wanted, "not every example became a resource")
        held = self._remote.inventory()
        for resource in _managed(resources):
            id_ = resource.status["id"]
            _check(id_ in held, f"{resource.key} is Ready, but the product has no object {id_}")
            self._done(f"{resource.key} is at the product: {held[id_]}, id {id_}")

    async def _show_secrets(self) -> None:
        self._head("The values that the products created are in Secrets (masked here)")
        secrets = await self._outputs()
        grid = Table("SECRET", "KEY", "VALUE", box=None, pad_edge=False, header_style="bold")
        for secret in secrets:
            for key, value in sorted(secret.data.items()):
                grid.add_row(f"{secret.namespace}/{secret.name}", key, Text(f"•••••••• ({len(value)} characters)"))
        self._console.print(grid)
        await self._check_secrets()

    async def _show_manifest(self) -> None:
        connector = _registered(await self._stage.resources())
        self._head(f"The manifest for the JAR of {connector.key} is ready to be packaged (key and secret masked here)")
        (secret,) = [one for one in await self._outputs() if one.name == connector.status.get("secretName")]
        text = secret.data["MANIFEST.MF"].replace("\n ", "")
        for hidden in ("key", "secret"):
            text = text.replace(secret.data[hidden], "••••••••")
        for header in text.splitlines():
            print_line(self._console, f"  {header}")
        _check(text.startswith("Manifest-Version: 1.0\n"), "the manifest does not begin with its version")
        for number, activity in enumerate(connector.spec["manifest"]["activities"]):
            id_ = int(secret.data["functionEntityStartId"]) + number
            _check(f"EntityTypeId-{activity}: {id_}\n" in text, f"activity {activity} has not got its id")
        self._done(f"{len(text.splitlines())} headers, each activity with an id of the registration")

    async def _publish(self) -> None:
        """Publish the Custom API, which is a draft."""
        api = await self._only("CustomAPI")
        url = str(api.status["url"])
        self._head("A Custom API goes live: state: Draft becomes state: Published")
        await self._check_answer(url, 404, f"{self._remote.inventory()[api.status['id']]}: {url} answers nobody yet")
        self._manifests = self._examples
        with self._shown() as progress:
            await self._stage.apply(self._manifests, progress)
            await self._stage.look_again(self._manifests, progress)
        shown = self._remote.inventory()[api.status["id"]]
        _check(shown == "Custom API, published", f"the Custom API is not live, but: {shown}")
        await self._check_answer(url, 403, f"{shown}: {url} asks who is calling")
        row = row_of(await self._only("CustomAPI"))
        _check(row.reason == "Verified", f"the Custom API is Ready by {row.reason}, and not by a look at its URL")
        self._done(f"CustomAPI customers is Ready: {row.message}")
        print_line(self._console, f"  ({NOTE})")

    async def _check_answer(self, url: str, status: int, sentence: str) -> None:
        found = await self._remote.answer(f"{url}/7")
        _check(found == status, f"{url} answers HTTP {found}, and not {status}")
        self._done(sentence)

    async def _only(self, kind: str) -> Resource:
        return next(one for one in await self._stage.resources() if one.key.kind == kind)

    async def _repair(self) -> None:
        resources = await self._stage.resources()
        stream = next(one for one in resources if one.key.kind == "JitsuStream")
        connector = _registered(resources)
        id_, registration = stream.status["id"], connector.status["id"]
        name = self._remote.name_of(id_)
        self._head("A colleague changes things by hand, behind the operator's back")
        self._remote.rename(id_)
        self._remote.unregister(registration)
        _check(self._remote.name_of(id_) == BY_HAND, "the stream could not be renamed by hand")
        print_line(self._console, f"  Jitsu: stream {id_} is called “{BY_HAND}” now, and no longer “{name}”.")
        print_line(self._console, f"  Harmony: connector {registration} is registered no more.")
        self._head(f"The operator compares and repairs: {self._stage.how_repaired}")
        with self._shown() as progress:
            await self._stage.look_again(self._manifests, progress)
        _check(self._remote.name_of(id_) == name, f"the stream's name is still “{self._remote.name_of(id_)}”")
        self._done(f"stream {id_} is called “{name}” again")
        await self._check_registered_anew(registration)

    async def _check_registered_anew(self, former: str) -> None:
        id_ = _registered(await self._stage.resources()).status["id"]
        _check(id_ != former and id_ in self._remote.inventory(), "the connector was not registered again")
        self._done(f"connector {id_} is registered in place of {former}")
        await self._check_secrets()

    async def _check_secrets(self) -> None:
        """Check that each managed resource has its Secret, complete and about the current remote object."""
        outputs = {(one.namespace, one.name): one for one in await self._outputs()}
        for resource in _managed(await self._stage.resources()):
            name = str(resource.status.get("secretName") or "")
            if not name:
                continue
            secret = outputs.get((resource.key.namespace, name))
            _check(secret is not None, f"{resource.key} has no Secret {name}")
            if secret is not None:
                _check(secret.data.get("id") == resource.status["id"], f"Secret {name} names another object")
                _check(all(secret.data.values()), f"Secret {name} has an empty value")
                self._done(f"Secret {name} holds {len(secret.data)} values for {resource.status['id']}")

    async def _delete(self) -> None:
        self._head("Everything is deleted; the finalizers make sure that the products are cleaned up first")
        links = self._remote.links()
        with self._shown() as progress:
            await self._stage.delete(self._manifests, progress)
        _check(not await self._stage.resources(), "some resources still exist")
        _check(not await self._outputs(), "a Secret outlived its resource")
        left = self._remote.inventory()
        made = [what for id_, what in left.items() if id_ not in self._before]
        _check(not made, f"the products still hold {', '.join(made)}")
        _check(left == self._before, "something was deleted that people had made")
        self._done("no resource, no Secret, and both products hold what people had made before, and no more")
        order = self._remote.deletions()
        early = [link for link, ends in links.items() if order.index(link) > min(map(order.index, ends))]
        _check(not early, f"something was deleted before its link: {', '.join(early)}")
        self._done(f"the links were deleted before what they link ({len(links)} of them)")

    async def _outputs(self) -> list[Secret]:
        return [secret for secret in await self._stage.secrets() if is_output(secret)]

    @contextmanager
    def _shown(self) -> Iterator[Progress]:
        with progress(self._console) as shown:
            yield shown

    def _head(self, sentence: str) -> None:
        self._step += 1
        self._console.print()
        self._console.print(Text(f"{self._step}. {sentence}", style="bold"), soft_wrap=True)

    def _done(self, sentence: str) -> None:
        self._console.print(Text("  ✓ ", style="green"), end="")
        print_line(self._console, sentence)


def _managed(resources: Sequence[Resource]) -> list[Resource]:
    """Return the resources with remote objects, so without the connections."""
    return [one for one in resources if one.key.kind not in CONNECTIONS and one.status.get("id")]


def _registered(resources: Sequence[Resource]) -> Resource:
    """Return the connector that the operator registered."""
    return next(one for one in resources if one.key.kind == "Connector" and one.spec.get("source") != "Builder")


def _check(holds: bool, complaint: str) -> None:
    if not holds:
        raise DemoFailed(f"{complaint}.")

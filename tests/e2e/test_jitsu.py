"""All kinds of Jitsu on a real API server, by the examples: made, linked, changed, repaired, and gone in good order."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from tests.harness.cluster.place import EVERY, JITSU, Manifest, Place
from tests.harness.waiting import until

from jitops_sandbox.jitsu.console import Console

pytestmark = pytest.mark.cluster

AT_ONCE = 60.0
"""Seconds, where a watch tells; without it the change would come with the resync, after ten minutes."""
LIMIT = "180s"
ENDS = ("jitsustream/website", "jitsudestination/warehouse", "jitsudestination/alerts")
USED = (*ENDS, "jitsufunction/anonymize", "jitsufunction/geo", "jitsuservice/github")
LINKS = ("jitsulink/website-to-warehouse", "jitsulink/website-to-alerts")
OUTPUTS = {"JitsuDestination", "JitsuFunction", "JitsuService", "JitsuLink"}
"""The kinds that write a Secret only where the spec names it."""
TYPES = {
    "jitsustream": "stream",
    "jitsudestination": "destination",
    "jitsufunction": "function",
    "jitsuservice": "service",
}


def everything(place: Place) -> list[Manifest]:
    """Give all examples of Jitsu, each resource with a Secret of its own for its id."""
    manifests = place.examples(JITSU, files=EVERY)
    for one in manifests:
        if one["kind"] in OUTPUTS:
            one["spec"]["outputs"] = {"secret": {"name": f"{one['metadata']['name']}-id"}}
    return manifests


@pytest.fixture
def place(place: Place, plant: Callable[[str], None]) -> Place:
    """Give a place in which all examples are Ready, and what their Secrets hold is searched for everywhere."""
    for one in everything(place):
        for value in one.get("stringData", {}).values():
            plant(value.rpartition(":")[2])
    place.operator(clusterwide=True)  # Roles in the namespace would be deleted with it: docs/install.md.
    place.apply(everything(place))
    place.wait_ready()
    return place


def remote_id(place: Place, what: str) -> str:
    """Give the id that status tells."""
    return str(place.get(what)["status"]["id"])


def stored(place: Place, what: str) -> dict[str, Any]:
    """Give what the console's database holds for a resource."""
    return place.products.stored(remote_id(place, what))


def link(place: Place, what: str) -> dict[str, Any]:
    """Give the link that a resource stands for."""
    (found,) = (one for one in place.products.held()["link"] if one["id"] == remote_id(place, what))
    return found


def test_life(place: Place, plant: Callable[[str], None]) -> None:
    """Each is there once, with its Secret, linked as asked; changes arrive, others' are undone; links go first."""
    _made(place)
    _change(place, plant)
    _repair(place)
    _delete_in_the_wrong_order(place)


def _made(place: Place) -> None:
    """See that there is just what the examples say."""
    ids = {what: remote_id(place, what) for what in (*USED, *LINKS)}
    held = {row["id"] for rows in place.products.held().values() for row in rows}
    assert held == set(ids.values())
    for what, id_ in ids.items():
        if what != "jitsustream/website":
            assert place.values(f"{what.partition('/')[2]}-id") == {"id": id_}
    assert place.stream_whole()
    website, warehouse, alerts = (ids[what] for what in ENDS)
    ends = {what: (link(place, what)["fromId"], link(place, what)["toId"]) for what in LINKS}
    assert ends == {LINKS[0]: (website, warehouse), LINKS[1]: (website, alerts)}
    pipeline = [{"functionId": f"udf.{ids['jitsufunction/anonymize']}"}]
    assert link(place, LINKS[0])["data"]["functions"] == pipeline
    assert stored(place, "jitsudestination/warehouse")["password"] == "warehouse-password-not-real"


def _change(place: Place, plant: Callable[[str], None]) -> None:
    """Change specs, a Secret and a ConfigMap."""
    plant("warehouse-password-second")
    secret = base64.b64encode(b"warehouse-password-second").decode()
    place.patch("secret/warehouse-credentials", {"data": {"password": secret}})
    place.patch("configmap/geo-code", {"data": {"main.js": "// second"}})
    place.patch(LINKS[1], {"spec": {"data": {"mode": "batch"}}})
    place.patch("jitsuservice/github", {"spec": {"version": "1.9.0"}})
    warehouse, geo = "jitsudestination/warehouse", "jitsufunction/geo"
    until(lambda: stored(place, warehouse)["password"] == "warehouse-password-second", "the password arrives", AT_ONCE)
    until(lambda: stored(place, geo)["code"].endswith("// second"), "the code arrives", AT_ONCE)
    until(lambda: link(place, LINKS[1])["data"]["mode"] == "batch", "the option arrives", AT_ONCE)
    until(lambda: stored(place, "jitsuservice/github")["version"] == "1.9.0", "the version arrives", AT_ONCE)


def _repair(place: Place) -> None:
    """Change at the console what resources say, delete a link there, and ask for a look."""
    changed = {what: stored(place, what)["name"] for what in USED}

    def harm(console: Console) -> None:
        for id_ in ids:
            console.change(id_, name="By hand")
        console.state.links[gone].deleted = True

    ids, gone = [remote_id(place, what) for what in changed], remote_id(place, LINKS[1])
    place.products.ask(lambda sandbox: harm(sandbox.jitsu))
    for what in (*changed, LINKS[1]):
        place.annotate(what, reconcile_requested_at="now")
    until(
        lambda: {what: stored(place, what)["name"] for what in USED} == changed, "they have their names back", AT_ONCE
    )
    until(lambda: remote_id(place, LINKS[1]) != gone, "the link is made again", AT_ONCE)
    place.wait_ready()
    assert {remote_id(place, what) for what in changed} == set(ids)


def _delete_in_the_wrong_order(place: Place) -> None:
    """Delete first what links use: it waits for them, and says so."""
    links = place.products.held()["link"]
    place.products.forget()
    place("delete", "--wait=false", "jitsuworkspace/acme", *USED)
    until(lambda: place.condition(ENDS[0]).get("reason") == "DeletionBlocked", "the stream says what uses it")
    assert "website-to-warehouse" in place.condition(ENDS[0])["message"]
    assert place.products.count(method="DELETE", path="*/config/stream/*") == 0
    place("delete", *LINKS, f"--timeout={LIMIT}")
    place("wait", "--for=delete", "jitsuworkspace/acme", *USED, f"--timeout={LIMIT}")
    links_first(place, links)
    assert place.products.empty()


def test_namespace_is_deleted(place: Place) -> None:
    """`kubectl delete namespace` with all of it ends, the links before what they use, and leaves nothing."""
    links = place.products.held()["link"]
    place.products.forget()
    place.kubectl("delete", "namespace", place.namespace, f"--timeout={LIMIT}")
    links_first(place, links)
    assert place.products.empty()


def links_first(place: Place, links: list[dict[str, Any]]) -> None:
    """See that no link was deleted after an end or a function of its own."""
    done = [one for one in place.products.requests(method="DELETE") if one.status == 200]
    order = [one.query.get("id") or one.path.rpartition("/")[2] for one in done]
    assert len(links) == len(LINKS)
    for one in links:
        functions = [used["functionId"].removeprefix("udf.") for used in one["data"].get("functions", ())]
        used = [order.index(id_) for id_ in (one["fromId"], one["toId"], *functions)]
        assert order.index(one["id"]) < min(used), order

"""The port on a real API server: what each write rests on, and what each refusal means."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from tests.harness.cluster.user import User
from tests.harness.waiting import eventually

from jitops.api.meta import API_VERSION, FINALIZER
from jitops.core import errors
from jitops.core.clock import SystemClock
from jitops.core.kube import ConfigMap, Event, Key, Owner, Resource, Secret
from jitops.runtime.cluster.port import Cluster
from jitops.runtime.cluster.session import ApiServer
from jitops_sandbox.controlplane import ControlPlane, Kubectl, write_token_kubeconfig

pytestmark = pytest.mark.cluster


@pytest.fixture
async def cluster(control_plane: ControlPlane, user: User) -> AsyncIterator[Cluster]:
    """Give the port, for the user's namespace, as the administrator."""
    api = await ApiServer.connect(control_plane.kubeconfig)
    yield Cluster(api, SystemClock(), namespaces=(user.namespace,))
    await api.aclose()


@pytest.fixture
async def stream(cluster: Cluster, user: User) -> Resource:
    """Give a JitsuStream that nobody reconciles."""
    await user.stream("shop")
    found = await cluster.refresh(Key("JitsuStream", user.namespace, "shop"))
    assert found is not None
    return found


async def test_resource_is_read_and_its_end_is_noticed(cluster: Cluster, user: User, stream: Resource) -> None:
    """What is read is remembered, and what is gone at the source is forgotten and told of."""
    gone: list[Key] = []
    cluster.on_deleted = gone.append
    assert cluster.get(stream.key) == stream
    await user.kubectl("delete", "jitsustream", "shop")
    assert await cluster.refresh(stream.key) is None
    assert cluster.get(stream.key) is None
    assert gone == [stream.key]


async def test_finalizers_rest_on_the_version(cluster: Cluster, user: User, stream: Resource) -> None:
    """Finalizers are replaced over the version that was read, and not over another one."""
    held = await cluster.set_finalizers(stream, (FINALIZER,))
    assert held.finalizers == (FINALIZER,)
    assert cluster.get(stream.key) == held
    with pytest.raises(errors.Conflict):
        await cluster.set_finalizers(stream, ())
    await user.kubectl("delete", "jitsustream", "shop", "--wait=false")
    with pytest.raises(errors.Conflict):
        await cluster.set_finalizers(held, ())
    deleting = await cluster.refresh(stream.key)
    assert deleting is not None
    assert deleting.deleting
    await cluster.set_finalizers(deleting, ())
    assert cluster.get(stream.key) is None, "nothing held it any more"


async def test_status_is_changed_by_its_difference(cluster: Cluster, stream: Resource) -> None:
    """Fields are set, changed and removed; what the server makes of it is what we know."""
    written = await cluster.write_status(stream, {"observedGeneration": 1, "id": "x", "incarnation": 0})
    assert written.status == {"observedGeneration": 1, "id": "x", "incarnation": 0}
    written = await cluster.write_status(written, {"observedGeneration": 1, "id": "y"})
    assert written.status == {"observedGeneration": 1, "id": "y"}
    assert cluster.get(stream.key) == written


async def test_guarded_status_rests_on_the_version(cluster: Cluster, stream: Resource) -> None:
    """A guarded write over an older version is a Conflict, an unguarded one is not."""
    await cluster.set_finalizers(stream, (FINALIZER,))
    with pytest.raises(errors.Conflict):
        await cluster.write_status(stream, {"id": "x"}, guarded=True)
    assert (await cluster.write_status(stream, {"id": "x"})).status["id"] == "x"


async def test_status_never_reaches_a_successor(cluster: Cluster, user: User, stream: Resource) -> None:
    """A resource that was deleted and made anew under its name does not inherit an id."""
    await user.kubectl("delete", "jitsustream", "shop")
    await user.stream("shop")
    with pytest.raises(errors.Conflict):
        await cluster.write_status(stream, {"id": "x"})
    successor = await cluster.refresh(stream.key)
    assert successor is not None
    assert "id" not in successor.status


async def test_write_to_what_is_gone_is_a_conflict(cluster: Cluster, user: User, stream: Resource) -> None:
    """A write to a resource that is gone makes that known."""
    await user.kubectl("delete", "jitsustream", "shop")
    with pytest.raises(errors.Conflict):
        await cluster.write_status(stream, {"id": "x"})
    assert cluster.get(stream.key) is None


async def test_change_by_a_user_is_told_though_our_answer_came_first(
    cluster: Cluster, user: User, stream: Resource
) -> None:
    """The answer to our own write may be the first to show a user's change: it is told like any other."""
    told: list[tuple[Resource | None, Resource]] = []
    cluster.on_change = lambda before, after: told.append((before, after))
    await user.stream("shop", name="Changed")
    await cluster.write_status(stream, {"id": "x"})
    assert [(before.generation if before else 0, after.generation) for before, after in told] == [(1, 2)]


async def test_secret_lives_and_dies(cluster: Cluster, user: User, stream: Resource) -> None:
    """A Secret is created once, replaced over its version, and deleted by whoever knows it."""
    owner = Owner("JitsuStream", "shop", stream.uid)
    labels, notes = {"jitops.dev/watch": "true"}, {"a/b": "c"}
    wanted = Secret(user.namespace, "keys", {"id": "ä"}, labels, notes, ("x/y",), (owner,))
    made = await cluster.write_secret(wanted)
    assert replace(made, resource_version="") == await _unversioned(cluster, wanted)
    with pytest.raises(errors.Conflict):
        await cluster.write_secret(wanted)
    changed = await cluster.write_secret(replace(made, data={"id": "b"}, finalizers=()))
    with pytest.raises(errors.Conflict):
        await cluster.write_secret(replace(made, data={"id": "c"}))
    assert await cluster.read_secret(user.namespace, "keys") == changed
    await cluster.delete_secret(changed)
    await cluster.delete_secret(changed)
    assert await cluster.read_secret(user.namespace, "keys") is None
    with pytest.raises(errors.Conflict):
        await cluster.write_secret(changed)


async def test_config_map_lives_and_dies(cluster: Cluster, user: User, stream: Resource) -> None:
    """A ConfigMap does so by the same rules, and its binary values are written back as they were."""
    owner = Owner("JitsuStream", "shop", stream.uid)
    made = await cluster.write_config_map(
        ConfigMap(user.namespace, "docs", {"a": "ä"}, {"jitops.dev/watch": "true"}, {"a/b": "c"}, owners=(owner,))
    )
    with pytest.raises(errors.Conflict):
        await cluster.write_config_map(replace(made, resource_version=""))
    blob = base64.b64encode(b"\xff\xfe\x00").decode()
    await user.kubectl("patch", "configmap", "docs", "--type=merge", "-p", f'{{"binaryData":{{"blob":"{blob}"}}}}')
    with pytest.raises(errors.Conflict):
        await cluster.write_config_map(replace(made, data={"a": "b"}))
    found = await cluster.read_config_map(user.namespace, "docs")
    assert found is not None
    assert (found.data, found.labels, found.owners) == (made.data, made.labels, made.owners)
    changed = await cluster.write_config_map(replace(found, data={"a": "b"}))
    kept = await user.get("configmap", "docs")
    assert (kept["data"], kept["binaryData"]) == ({"a": "b"}, {"blob": blob})
    await cluster.delete_config_map(changed)
    await cluster.delete_config_map(changed)
    assert await cluster.read_config_map(user.namespace, "docs") is None


async def test_own_config_map_is_no_news_to_its_owner(cluster: Cluster, user: User) -> None:
    """The watch's echo of an output that we wrote wakes nobody but others who use it; an edit wakes all."""
    woken: list[tuple[Key, Key | None]] = []
    cluster.on_input = lambda target, but: woken.append((target, but))
    labels = {"app.kubernetes.io/managed-by": "jitops", "jitops.dev/owner-kind": "CustomAPI"}
    await cluster.write_config_map(
        ConfigMap(user.namespace, "docs", {"a": "b"}, {**labels, "jitops.dev/owner-name": "crm"})
    )
    key, owner = Key("ConfigMap", user.namespace, "docs"), Key("CustomAPI", user.namespace, "crm")
    cluster.input_seen("ConfigMap", await user.get("configmap", "docs"), deleted=False)
    await user.kubectl("patch", "configmap", "docs", "-p", '{"data":{"a":"c"}}')
    cluster.input_seen("ConfigMap", await user.get("configmap", "docs"), deleted=False)
    assert woken == [(key, owner), (key, None)]


async def _unversioned(cluster: Cluster, secret: Secret) -> Secret:
    found = await cluster.read_secret(secret.namespace, secret.name)
    assert found is not None
    return replace(found, resource_version="")


async def test_what_we_do_not_know_of_a_secret_survives(cluster: Cluster, user: User) -> None:
    """Binary values, the type, and owners of other groups are written back as they were."""
    blob = base64.b64encode(b"\xff\xfe\x00").decode()
    config_map = yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "pod"}})
    await user.kubectl("apply", "-f", "-", stdin=config_map)
    uid = await user.kubectl("get", "configmap", "pod", "-o", "jsonpath={.metadata.uid}")
    foreign = {"apiVersion": "v1", "kind": "ConfigMap", "name": "pod", "uid": uid, "controller": True}
    await user.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "jks", "ownerReferences": [foreign]},
            "type": "example.com/keystore",
            "data": {"store": blob, "password": base64.b64encode(b"word").decode()},
        }
    )
    secret = await cluster.read_secret(user.namespace, "jks")
    assert secret is not None
    assert secret.data == {"password": "word"}
    await cluster.write_secret(secret.with_finalizers(("jitops.dev/in-use",)))
    kept = await user.get("secret", "jks")
    assert kept["data"]["store"] == blob
    assert kept["type"] == "example.com/keystore"
    assert kept["metadata"]["ownerReferences"] == [foreign]
    assert kept["metadata"]["finalizers"] == ["jitops.dev/in-use"]


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "A"])
async def test_name_that_can_be_none_is_not_asked_for(cluster: Cluster, user: User, name: str) -> None:
    """An empty name would list all Secrets, and dots would leave the path."""
    assert await cluster.read_secret(user.namespace, name) is None


async def test_secret_with_an_impossible_key_is_the_specs_fault(cluster: Cluster, user: User) -> None:
    """The API server's words name the key; our value is not in them."""
    with pytest.raises(errors.SpecInvalid, match=r"data\[no key\]") as caught:
        await cluster.write_secret(Secret(user.namespace, "keys", {"no key": "planted-value"}))
    assert "planted" not in str(caught.value)


async def test_terminating_namespace_takes_nothing(cluster: Cluster, kubectl: Kubectl, user: User) -> None:
    """In a namespace that goes away, or is gone, nothing is created; events are dropped in silence."""
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": ["x.y/z"]}}
    await user.apply(held)
    await user.kubectl("delete", "namespace", user.namespace, "--wait=false")
    secret = Secret(user.namespace, "keys", {"id": "a"})

    async def refused() -> bool:
        try:
            await cluster.write_secret(secret)
        except errors.NamespaceTerminating:
            return True
        except errors.Conflict:
            return False
        return False

    await eventually(refused, "the namespace is terminating")
    with pytest.raises(errors.NamespaceTerminating):
        await cluster.write_secret(replace(secret, namespace="there-is-none"))
    await user.kubectl("patch", "configmap", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    kubectl("create", "namespace", f"{user.namespace}-2")
    kubectl("delete", "namespace", f"{user.namespace}-2", "--wait=false")


async def test_missing_right_is_named(control_plane: ControlPlane, user: User, tmp_path: Any) -> None:
    """A refusal by RBAC says which verb on which resource is missing."""
    await user.kubectl("create", "serviceaccount", "weak")
    token = (await user.kubectl("create", "token", "weak")).strip()
    path = write_token_kubeconfig(control_plane.kubeconfig, token, tmp_path / "weak")
    api = await ApiServer.connect(path)
    cluster = Cluster(api, SystemClock(), namespaces=(user.namespace,))
    with pytest.raises(errors.PermissionDenied, match='cannot get resource "secrets"'):
        await cluster.read_secret(user.namespace, "keys")
    with pytest.raises(errors.PermissionDenied, match='cannot create resource "secrets"'):
        await cluster.write_secret(Secret(user.namespace, "keys", {}))
    with pytest.raises(errors.PermissionDenied, match='cannot list resource "jitterbit'):
        await cluster.prune("JitterbitOrganization")
    with pytest.raises(errors.PermissionDenied, match='cannot get resource "namespaces"'):
        await cluster.namespace_labels(user.namespace)
    await api.aclose()


async def test_inputs_are_read_live(cluster: Cluster, user: User) -> None:
    """ConfigMaps and the labels of namespaces, as they are now; what isn't there is no error."""
    await user.kubectl("create", "configmap", "code", "--from-literal=main.js=1")
    code = await cluster.read_config_map(user.namespace, "code")
    assert code is not None
    assert code.data == {"main.js": "1"}
    assert await cluster.read_config_map(user.namespace, "none") is None
    assert (await cluster.namespace_labels(user.namespace))["kubernetes.io/metadata.name"] == user.namespace
    assert await cluster.namespace_labels("there-is-none") == {}
    assert await cluster.namespace_uid("kube-system")


async def test_prime_reads_everything_and_forgets_what_is_gone(cluster: Cluster, user: User) -> None:
    """After priming the store is the world: connections come first, and the dead are told of."""
    told: list[str] = []
    gone: list[str] = []
    cluster.on_change = lambda _, after: told.append(str(after.key.kind))
    cluster.on_deleted = lambda key: gone.append(key.name)
    for name in ("a", "b"):
        await user.stream(name)
    await user.connect()
    await cluster.prime()
    assert told == ["JitsuWorkspace", "JitsuStream", "JitsuStream"]
    await user.kubectl("delete", "jitsustream", "a")
    await cluster.prime()
    assert gone == ["a"]
    assert len(told) == 3, "nothing is told twice"


async def test_prune_finds_the_unreported_dead(cluster: Cluster, user: User) -> None:
    """A deletion that no watch told of is found by the count, then by name."""
    for name in ("a", "b"):
        await user.stream(name)
    await cluster.prime()
    assert await cluster.prune("JitsuStream") == ()
    await user.kubectl("delete", "jitsustream", "a")
    assert await cluster.prune("JitsuStream") == [Key("JitsuStream", user.namespace, "a")]
    assert [resource.key.name for resource in cluster.list("JitsuStream")] == ["b"]


async def test_event_is_told_once(cluster: Cluster, user: User, stream: Resource) -> None:
    """An event shows in `kubectl describe`; the same one told again, as after a crash, makes no second."""
    for _ in range(2):
        cluster.event(stream, Event("Created", "created x"))
    cluster.event(stream, Event("CannotUpdate", "y", warning=True))
    await cluster.events.drain(5)
    described = await user.kubectl("describe", "jitsustream", "shop")
    assert described.count("created x") == 1
    assert "CannotUpdate" in described


async def test_gate_is_asked_before_every_write(cluster: Cluster, user: User, stream: Resource) -> None:
    """Without the Lease nothing is written, not even an event; reading goes on."""

    def closed() -> None:
        raise errors.ClusterUnavailable("no Lease")

    secret = await cluster.write_secret(Secret(user.namespace, "keys", {"id": "x"}))
    config_map = await cluster.write_config_map(ConfigMap(user.namespace, "docs", {"id": "x"}))
    cluster.gate = closed
    for write in (
        cluster.write_config_map(config_map),
        cluster.delete_config_map(config_map),
        cluster.set_finalizers(stream, (FINALIZER,)),
        cluster.write_status(stream, {"id": "x"}),
        cluster.write_secret(secret),
        cluster.delete_secret(secret),
    ):
        with pytest.raises(errors.ClusterUnavailable, match="no Lease"):
            await write
    cluster.event(stream, Event("Created", "created x"))
    await cluster.events.drain(1)
    assert "created x" not in await user.kubectl("get", "events")
    assert await cluster.refresh(stream.key) == stream


async def test_own_write_is_no_news_and_an_edit_is(cluster: Cluster, user: User) -> None:
    """The watch's echo of what we wrote wakes nobody, even before our answer came; an edit by someone else does."""
    woken: list[tuple[Key, Key | None]] = []
    cluster.on_input = lambda target, but: woken.append((target, but))
    await cluster.write_secret(Secret(user.namespace, "keys", {"id": "x"}, {"jitops.dev/watch": "true"}))
    cluster.input_seen("Secret", await user.get("secret", "keys"), deleted=False)
    assert woken == []
    await user.kubectl("patch", "secret", "keys", "-p", '{"stringData":{"id":"y"}}')
    edited = await user.get("secret", "keys")
    cluster.input_seen("Secret", edited, deleted=False)
    cluster.input_seen("Secret", edited, deleted=True)
    assert woken == [(Key("Secret", user.namespace, "keys"), None)] * 2


async def test_output_is_news_to_all_but_its_owner(cluster: Cluster, user: User) -> None:
    """An output that its owner wrote, or read as it is, concerns only others who use it; an edit concerns all."""
    woken: list[tuple[Key, Key | None]] = []
    cluster.on_input = lambda target, but: woken.append((target, but))
    labels = {"app.kubernetes.io/managed-by": "jitops", "jitops.dev/owner-kind": "JitsuStream"}
    secret = Secret(user.namespace, "keys", {"id": "x"}, {**labels, "jitops.dev/owner-name": "shop"})
    await cluster.write_secret(secret)
    key, owner = Key("Secret", user.namespace, "keys"), Key("JitsuStream", user.namespace, "shop")
    cluster.input_seen("Secret", await user.get("secret", "keys"), deleted=False)
    await user.kubectl("patch", "secret", "keys", "-p", '{"stringData":{"id":"y"}}')
    edited = await user.get("secret", "keys")
    cluster.input_seen("Secret", edited, deleted=False)
    await cluster.read_secret(user.namespace, "keys")
    cluster.input_seen("Secret", edited, deleted=False)
    assert woken == [(key, owner), (key, None), (key, owner)]


async def test_hundred_writes_at_once_share_the_session(cluster: Cluster, user: User) -> None:
    """Many writes at once all arrive."""
    secrets = [Secret(user.namespace, f"s{number}", {"id": str(number)}) for number in range(100)]
    written = await asyncio.gather(*map(cluster.write_secret, secrets))
    assert [secret.data["id"] for secret in written] == [str(number) for number in range(100)]
    assert API_VERSION

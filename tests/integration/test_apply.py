"""`jitops apply`: a folder of manifests made so, remembered in another folder, with no cluster."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

import jitops
from jitops.__main__ import main
from jitops.local.folder import Folder

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(jitops.__file__).parents[1])}
API_VERSION = "jitops.dev/v1alpha1"


@dataclass
class Remote:
    """Both sandboxes in a process of their own, through their admin prefix."""

    jitsu: str
    jitterbit: str
    credentials: Mapping[str, str]

    def _ask(self, method: str, what: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.jitsu}/_sandbox/{what}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def reset(self) -> None:
        for what in ("state", "faults", "requests"):
            self._ask("DELETE", what)

    def streams(self) -> dict[str, dict[str, Any]]:
        state = self._ask("GET", "state")
        return {one["id"]: one for one in state["jitsu"]["objects"].get("stream", [])}

    def connectors(self) -> list[str]:
        return [one["id"] for one in self._ask("GET", "state")["jitterbit"]["connectors"]]

    def rename(self, stream: str, name: str) -> None:
        self._ask("PATCH", f"objects/{stream}", {"name": name})

    def fault(self, **fault: Any) -> None:
        self._ask("POST", "faults", fault)

    def writes(self) -> list[str]:
        requests = self._ask("GET", "requests?all=true")["requests"]
        return [
            f"{one['method']} {one['path']}"
            for one in requests
            if one["method"] != "GET" and not one["path"].endswith("/login")
        ]

    def forget_requests(self) -> None:
        self._ask("DELETE", "requests")


@pytest.fixture(scope="module")
def served() -> Iterator[Remote]:
    command = [sys.executable, "-m", "jitops", "sandbox", "--jitsu-port", "0", "--jitterbit-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        yield Remote(**json.loads(process.stdout.readline()))
        process.terminate()


@pytest.fixture
def remote(served: Remote) -> Remote:
    served.reset()
    return served


@dataclass
class Result:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()


class Site:
    """A user's folder of manifests, and the state beside it."""

    def __init__(self, place: Path, remote: Remote, capture: pytest.CaptureFixture[str]) -> None:
        self.manifests = place / "manifests"
        self.manifests.mkdir()
        self.state = place / "state"
        self._remote = remote
        self._capture = capture

    def write(self, name: str, *documents: Mapping[str, Any]) -> None:
        (self.manifests / name).write_text(yaml.safe_dump_all(documents))

    def write_all(self) -> None:
        self.write("jitsu.yaml", self.login("jitsu", apiKey=self._remote.credentials["api_key"]), self.workspace())
        self.write("stream.yaml", self.stream())
        harmony = {name: self._remote.credentials[name] for name in ("email", "password")}
        self.write("jitterbit.yaml", self.login("harmony", **harmony), self.organization())
        self.write("connector.yaml", self.connector())

    def apply(self, *options: str) -> Result:
        self._capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["apply", "-f", str(self.manifests), "--state", str(self.state), *options])
        captured = self._capture.readouterr()
        assert isinstance(ended.value.code, int)
        return Result(ended.value.code, captured.out, captured.err)

    def output(self, secret: str, namespace: str = "default") -> dict[str, str]:
        folder = self.state / "outputs" / namespace / secret
        return {file.name: file.read_bytes().decode() for file in folder.iterdir()} if folder.is_dir() else {}

    def objects(self) -> dict[str, str]:
        return {str(file.relative_to(self.state)): file.read_text() for file in self.state.rglob("*.json")}

    @staticmethod
    def login(name: str, **values: str) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}

    def workspace(self, **spec: Any) -> dict[str, Any]:
        usual = {"baseUrl": self._remote.jitsu, "workspace": "acme", "credentialsRef": {"name": "jitsu"}}
        return resource("JitsuWorkspace", "acme", {**usual, **spec})

    def organization(self, **spec: Any) -> dict[str, Any]:
        usual = {"host": self._remote.jitterbit, "organizationId": "100200", "credentialsRef": {"name": "harmony"}}
        return resource("JitterbitOrganization", "acme", {**usual, "settleSeconds": 0, **spec})

    @staticmethod
    def stream(name: str = "shop", **spec: Any) -> dict[str, Any]:
        return resource("JitsuStream", name, {"workspaceRef": {"name": "acme"}, **spec})

    @staticmethod
    def connector(**spec: Any) -> dict[str, Any]:
        return resource("Connector", "crm", {"organizationRef": {"name": "acme"}, "version": "1.0.0", **spec})


def resource(kind: str, name: str, spec: Mapping[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


@pytest.fixture
def site(tmp_path: Path, remote: Remote, capsys: pytest.CaptureFixture[str]) -> Site:
    site = Site(tmp_path, remote, capsys)
    site.write_all()
    return site


def test_makes_all_ready(site: Site, remote: Remote) -> None:
    """Both products hold what the manifests ask, the outputs lie in files, and the exit code is 0."""
    result = site.apply()
    assert (result.code, result.err) == (0, "")
    (stream,), (connector,) = remote.streams(), remote.connectors()
    assert site.output("shop-jitsustream")["id"] == stream
    assert site.output("crm-connector")["id"] == connector
    assert site.output("crm-connector")["MANIFEST.MF"].splitlines()
    assert f"JitsuStream default/shop: ready, remote id {stream}" in result.out


def test_nobody_else_can_read_the_state(site: Site) -> None:
    """Files have mode 0600 and folders 0700, whatever the umask."""
    before = os.umask(0)
    try:
        assert site.apply().code == 0
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in site.state.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (site.state, *site.state.rglob("*")) if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_shows_no_secret(site: Site, remote: Remote) -> None:
    """Neither the credentials nor the keys that were handed out are printed or stand in a status."""
    result = site.apply()
    stream, connector = site.output("shop-jitsustream"), site.output("crm-connector")
    secrets = {stream["publicKeySecret"], stream["privateKeySecret"], connector["secret"], connector["key"]}
    secrets |= {remote.credentials["password"], remote.credentials["api_key"].partition(":")[2]}
    told = result.out + result.err + "".join(text for name, text in site.objects().items() if "/Secret/" not in name)
    assert not [secret for secret in secrets if secret in told]


def test_second_run_changes_nothing(site: Site, remote: Remote) -> None:
    """A run over what is as it should be writes nothing at the products, and in the state only counts its log-in."""
    site.apply()
    before = site.objects()
    remote.forget_requests()
    assert site.apply().code == 0
    assert remote.writes() == []
    after = site.objects()
    assert [name for name in after if after[name] != before[name]] == ["objects/default/JitterbitOrganization/acme.json"]


def test_repairs_drift(site: Site, remote: Remote) -> None:
    """What somebody changed at the product is changed back by the next run."""
    site.apply()
    (stream,) = remote.streams()
    remote.rename(stream, "by hand")
    assert site.apply().code == 0
    assert remote.streams()[stream]["name"] == "shop"


def test_restores_outputs(site: Site) -> None:
    """Output files that were edited, added or deleted by hand are as they were after the next run."""
    site.apply()
    before = site.output("crm-connector")
    folder = site.state / "outputs/default/crm-connector"
    (folder / "key").unlink()
    (folder / "secret").write_text("edited")
    (folder / "other").write_text("added")
    assert site.apply().code == 0
    assert site.output("crm-connector") == before


def test_deletes_what_left_the_folder(site: Site, remote: Remote) -> None:
    """A manifest that is gone takes its remote object and its outputs with it, and nothing else."""
    site.apply()
    (site.manifests / "stream.yaml").unlink()
    result = site.apply()
    assert (result.code, remote.streams(), len(remote.connectors())) == (0, {}, 1)
    assert site.output("shop-jitsustream") == {}
    assert site.output("crm-connector")
    assert "JitsuStream default/shop: deleted" in result.out


def test_deletes_all_in_the_right_order(site: Site, remote: Remote) -> None:
    """With all manifests gone at once, the log-ins outlast what needs them, and nothing of a user's stays."""
    site.apply()
    for file in site.manifests.iterdir():
        file.unlink()
    assert site.apply().code == 0
    assert (remote.streams(), remote.connectors()) == ({}, [])
    assert list(site.objects()) == ["objects/jitops-system/Secret/jitops-hash-key.json"]


def test_retained_output_stays(site: Site, remote: Remote) -> None:
    """With deletionPolicy Retain the object, its Secret and the files outlive the manifest."""
    site.write("stream.yaml", site.stream(management={"deletionPolicy": "Retain"}))
    site.apply()
    before = site.output("shop-jitsustream")
    (site.manifests / "stream.yaml").unlink()
    assert site.apply().code == 0
    assert list(remote.streams()) == [before["id"]]
    assert site.apply().code == 0
    assert site.output("shop-jitsustream") == before


def test_a_connection_in_use_is_not_deleted(site: Site, remote: Remote) -> None:
    """A connection that left the folder too early blocks, saying who uses it, and may simply come back."""
    site.apply()
    (site.manifests / "jitsu.yaml").rename(site.manifests / "jitsu.txt")
    result = site.apply()
    assert result.code == 1
    assert any("DeletionBlocked" in line and "JitsuStream default/shop" in line for line in result.lines)
    assert any(line.startswith("jitops: Secret default/jitsu: left the manifests") for line in result.lines)
    (site.manifests / "jitsu.txt").rename(site.manifests / "jitsu.yaml")
    remote.forget_requests()
    assert site.apply().code == 0
    assert remote.writes() == []


def test_identity_is_kept(site: Site, remote: Remote) -> None:
    """The state remembers who we are, so that even with all else lost a stream is found again; --cluster-id sets it."""
    (site.manifests / "connector.yaml").unlink()
    site.apply("--cluster-id", "production")
    assert (site.state / "cluster-id").read_text() == "production\n"
    (stream,) = remote.streams()
    for file in (site.state / "objects").rglob("*.json"):
        file.unlink()
    assert site.apply().code == 0
    assert list(remote.streams()) == [stream]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a: [", "x.yaml, line 1: is no YAML that can be read"),
        ("a: 1\na: 2", "x.yaml, line 2: is no YAML that can be read (a is given twice in one map)"),
        ("password: *planted", "x.yaml, line 1: is no YAML that can be read (found undefined alias)"),
        ("just text", "x.yaml, document 1: is not an object; a manifest begins with apiVersion, kind and metadata"),
        ("{kind: Secret}", "x.yaml, document 1: it has no kind and apiVersion that jitops applies"),
        ("---\n---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}}", "x.yaml, document 2: kind Deployment of"),
        ("{apiVersion: v1, kind: Secret}", "x.yaml, document 1 (Secret): metadata: is required"),
        ("{apiVersion: v1, kind: Secret, metadata: {name: x, lables: {}}}", "(Secret x): metadata.lables: is not a known field"),
        ("{apiVersion: v1, kind: Secret, metadata: {name: ../x}}", "metadata.name: must be the name of a Kubernetes object"),
        ("{apiVersion: v1, kind: Secret, metadata: {name: x}, stringdata: {a: planted}}", "stringdata: is not a known"),
        ("{apiVersion: v1, kind: Secret, metadata: {name: x}, stringData: {a: 123456}}", "stringData.a: must be a string"),
        ("{apiVersion: v1, kind: Secret, metadata: {name: x}, data: {a: planted!}}", "data.a: must be text in UTF-8, written in"),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: {}}}", "data.a: must be a string"),
        (
            "{apiVersion: jitops.dev/v1alpha1, kind: JitsuStream, metadata: {name: x}, spec: {workspaceRef: {name: a}, domain: b}}",
            "(JitsuStream x): spec.domain: is not a known field; check the spelling, or take it out",
        ),
        (
            "{apiVersion: jitops.dev/v1alpha1, kind: JitsuStream, metadata: {name: x}}",
            "(JitsuStream x): spec.workspaceRef: is required",
        ),
        (
            "{apiVersion: v1, kind: Secret, metadata: {name: jitsu}}",
            "(Secret jitsu): Secret default/jitsu stands in jitsu.yaml, document 1 (Secret jitsu) already",
        ),
    ],
)
def test_wrong_manifests(site: Site, remote: Remote, content: str, line: str) -> None:
    """Each fault is one line with file, document, field and cure, and no value; nothing is done, the exit code is 2."""
    remote.forget_requests()
    (site.manifests / "x.yaml").write_text(content)
    result = site.apply()
    assert (result.code, len(result.lines), result.out) == (2, 1, "")
    assert line in result.err
    assert "planted" not in result.err
    assert not site.state.exists()


def test_all_faults_are_told_at_once(site: Site) -> None:
    """A person corrects everything in one go: every fault of every file is told."""
    site.write("a.yaml", site.stream("one", domain="x"), site.stream("two", strict="yes"))
    site.write("b.yaml", site.stream("three", shard=-1, nosuch=1))
    result = site.apply()
    assert len(result.lines) == 4
    assert all(line.startswith(("jitops: a.yaml, document", "jitops: b.yaml, document 1")) for line in result.lines)


def test_reads_what_kubectl_reads(site: Site, remote: Remote) -> None:
    """Folders below, Lists, JSON and exports with the server's fields are read; hidden files and others are not."""
    (site.manifests / "below/.git").mkdir(parents=True)
    (site.manifests / "below/.git/x.yaml").write_text("[")
    (site.manifests / "notes.txt").write_text("[")
    exported = resource("JitsuStream", "three", {"workspaceRef": {"name": "acme"}}, uid="u", resourceVersion="7")
    listed = {"apiVersion": "v1", "kind": "List", "items": [site.stream("two"), {**exported, "status": {"id": "old"}}]}
    (site.manifests / "below/list.json").write_text(json.dumps(listed))
    assert site.apply().code == 0
    assert {one["name"] for one in remote.streams().values()} == {"shop", "two", "three"}


def test_immutable_fields(site: Site, remote: Remote) -> None:
    """A change that the API server would refuse is refused, with what to do instead, before anything is done."""
    site.apply()
    remote.forget_requests()
    site.write("stream.yaml", site.stream(workspaceRef={"name": "other"}))
    result = site.apply()
    assert result.code == 2
    assert "spec.workspaceRef: workspaceRef can't be changed: delete this resource" in result.err
    assert remote.writes() == []


def test_our_secrets_are_not_overwritten(site: Site) -> None:
    """A manifest can't take the place of a Secret that holds what a product shows only once."""
    site.apply()
    before = site.output("crm-connector")
    site.write("x.yaml", site.login("crm-connector", key="mine"))
    result = site.apply()
    assert result.code == 2
    assert "is the name of a Secret that jitops wrote; choose another one" in result.err
    assert site.output("crm-connector") == before


def test_wrong_key_ends_soon(site: Site) -> None:
    """When all that is left needs a person, nobody waits for the timeout; each resource says why."""
    site.write("jitsu.yaml", site.login("jitsu", apiKey="demokey:planted-wrong"), site.workspace())
    began = time.monotonic()
    result = site.apply()
    assert time.monotonic() - began < 10
    assert result.code == 1
    assert [line.partition(":")[2].partition(":")[0].strip() for line in result.lines] == [
        "JitsuWorkspace default/acme",
        "JitsuStream default/shop",
    ]
    assert "CredentialsInvalid" in result.lines[0]
    assert "planted-wrong" not in result.out + result.err


def test_missing_secret_ends_soon(site: Site) -> None:
    """What isn't among the manifests won't come: the line names the Secret, its keys, and who waits."""
    site.write("jitsu.yaml", site.workspace())
    began = time.monotonic()
    result = site.apply()
    assert time.monotonic() - began < 10
    assert result.code == 1
    assert "Secret default/jitsu of spec.credentialsRef does not exist; it needs the keys apiKey" in result.lines[0]


def test_short_outage_is_waited_out(site: Site, remote: Remote) -> None:
    """A remote that fails for a moment is asked again within the same run."""
    remote.fault(kind="error", status=503, product="jitsu", method="POST", times=2)
    assert site.apply().code == 0
    assert len(remote.streams()) == 1


def test_lost_answer_makes_nothing_twice(site: Site, remote: Remote) -> None:
    """When the answers to both creations are lost, each product still holds one object, and its Secret is complete."""
    remote.fault(kind="lost", method="POST", path="*/config/stream", times=1)
    remote.fault(kind="lost", method="POST", path="*/connector", times=1)
    assert site.apply().code == 0
    assert (len(remote.streams()), len(remote.connectors())) == (1, 1)
    assert site.output("crm-connector")["secret"]


def test_timeout(site: Site, remote: Remote) -> None:
    """At the timeout the run ends with 1, and nothing that it could not see is called Ready."""
    site.apply()
    remote.fault(kind="error", status=503, product="jitsu")
    result = site.apply("--timeout", "1")
    assert result.code == 1
    assert any("JitsuStream default/shop: not ready" in line for line in result.lines)
    assert "JitsuStream default/shop: ready" not in result.out


def test_namespaces_consent(site: Site, remote: Remote) -> None:
    """A Namespace's labels count where a connection asks for them."""
    allowed = {"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}}
    key = remote.credentials["api_key"]
    site.write("jitsu.yaml", site.login("jitsu", apiKey=key), site.workspace(allowedNamespaces=allowed))
    reference = {"workspaceRef": {"name": "acme", "namespace": "default"}}
    site.write("stream.yaml", resource("JitsuStream", "shop", reference, namespace="shop"))
    refused = site.apply()
    assert refused.code == 1
    assert "ReferenceNotPermitted" in refused.err
    labelled = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "shop"}}}
    site.write("namespace.yaml", labelled)
    assert site.apply().code == 0
    assert site.output("shop-jitsustream", "shop")["id"]


def test_one_run_at_a_time(site: Site) -> None:
    """A second run on the same state refuses, in a line."""
    with Folder.open(site.state):
        result = site.apply()
    assert (result.code, len(result.lines)) == (1, 1)
    assert "another jitops works on" in result.err


def test_state_folder_must_be_ours(site: Site) -> None:
    """A folder with other files in it is left alone, and a damaged state is named."""
    site.state.mkdir()
    (site.state / "thesis.txt").write_text("mine")
    result = site.apply()
    assert (result.code, len(result.lines)) == (2, 1)
    assert "holds other files" in result.err
    (site.state / "thesis.txt").unlink()
    assert site.apply().code == 0
    (damaged,) = site.state.rglob("shop.json")
    damaged.write_text("{")
    result = site.apply()
    assert (result.code, len(result.lines)) == (2, 1)
    assert "shop.json is damaged" in result.err


def test_state_may_lie_among_the_manifests(site: Site) -> None:
    """The state is not taken for manifests when it lies below them."""
    site.state = site.manifests / "state"
    assert site.apply().code == 0
    assert site.apply().code == 0


def test_killed_anywhere(site: Site, remote: Remote) -> None:
    """Killed before any write to the state, the next run ends with one object each and whole Secrets."""
    for step in itertools.count(1):
        remote.reset()
        site.state = site.manifests.parent / f"state-{step}"
        killed = _run_mortal(site, step)
        assert site.apply().code == 0, f"after a kill at {step}"
        assert (len(remote.streams()), len(remote.connectors())) == (1, 1), f"after a kill at {step}"
        assert [site.output("shop-jitsustream")["id"]] == list(remote.streams()), f"after a kill at {step}"
        assert site.output("crm-connector")["secret"], f"after a kill at {step}"
        if not killed:
            break
    assert step > 15


def _run_mortal(site: Site, step: int) -> bool:
    """Apply in a process that dies by SIGKILL at its n-th step; tell whether it came that far."""
    process = multiprocessing.get_context("fork").Process(target=_apply_until, args=(site, step))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _apply_until(site: Site, step: int) -> None:
    """Count the renames by which each write takes effect, and what is removed; the files of outputs are all alike."""
    steps = itertools.count(1)

    def die(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("os.rename", "os.remove") and "/objects/" in str(arguments[0]) and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(die)
    os._exit(site.apply().code)

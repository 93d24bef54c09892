"""Seeds are checked before anything listens, and what is wrong is said by field."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

import jitops
from jitops_sandbox import Credentials, Fault, Sandbox, SeedError, faults
from jitops_sandbox import seed as seed_file

SEED = """
jitsu:
  workspaces: [{id: c1, slug: one, name: One}]
  users: [{id: u, roles: {one: owner}}]
  keys: [{name: k, id: keyid, secret: keysecret, user: u}]
"""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("jitsu: {workspaces: [{id: c1}]}", "jitsu.workspaces.0.slug: Field required"),
        ("jitsu: {keys: [{name: k, id: 'a:b', secret: s, user: u}]}", "jitsu.keys.0.id"),
        (SEED.replace("owner", "boss"), "jitsu.users.0.roles.one: Input should be 'owner', 'editor' or 'analyst'"),
        (SEED.replace("user: u", "user: nobody"), "key 'k' belongs to user 'nobody'; write one of ['u']"),
        (SEED.replace("{one: owner}", "{two: owner}"), "'u' has a role in 'two'; write one of ['c1', 'one']"),
        ("jitterbit: {users: [{email: e, password: p, organizations: ['1']}]}", "organization '1'; write one of []"),
        ("jitsuu: {}", "jitsuu: Extra inputs are not permitted"),
        ("[", "is no YAML"),
        ("just text", "is no seed"),
    ],
)
def test_a_wrong_seed_says_field_and_cure(content: str, words: str) -> None:
    """Each mistake is named by its field with what is expected there."""
    with pytest.raises(SeedError) as refused:
        seed_file.parse(content, "seed.yaml")
    assert words in str(refused.value)


def test_a_wrong_seed_shows_no_secret() -> None:
    """The message of a seed that is refused does not repeat the secrets in it, nor does the seed's repr."""
    with pytest.raises(SeedError) as refused:
        seed_file.parse(SEED.replace("user: u}", "user: u, planted: planted-value}"), "seed.yaml")
    assert "keysecret" not in str(refused.value)
    assert "planted-value" not in str(refused.value)
    assert "keysecret" not in repr(seed_file.parse(SEED, "seed.yaml"))


def test_shipped_seeds_are_whole() -> None:
    """The default seed lets a client into both products, the recorded one has the keys that the recording names."""
    default = Credentials.of(seed_file.shipped("default"))
    assert (default.workspace, default.api_key) == ("acme", "demokey:demo-secret-not-real")
    assert default.service_token == "service:demo-service-token-not-real"
    assert (default.organization, default.email) == ("100200", "operator@example.com")
    assert "secret" not in repr(default)
    recorded = seed_file.shipped("recorded")
    assert {key.name for key in recorded.jitsu.keys} == {"owner", "analyst", "outsider", "admin", "expired"}


def test_an_empty_seed_is_a_seed() -> None:
    """Nothing is required; what is not there is an empty string among the credentials."""
    assert Credentials.of(seed_file.parse("", "empty.yaml")) == Credentials("", "", "", "", "", "", "", {})


async def test_a_seed_may_be_a_file(tmp_path: Path) -> None:
    """`Sandbox.start` takes a path, and seeds from it."""
    file = tmp_path / "seed.yaml"
    file.write_text(SEED, encoding="utf-8")
    async with Sandbox.start(seed=file) as sandbox, httpx.AsyncClient(base_url=sandbox.jitsu_url) as http:
        headers = {"Authorization": "Bearer keyid:keysecret"}
        assert (await http.get("/api/workspace/one", headers=headers)).json()["name"] == "One"


def test_faults_may_be_a_file(tmp_path: Path) -> None:
    """A YAML file holds a list of faults, bare or under `faults`; a wrong one is refused by field."""
    file = tmp_path / "faults.yaml"
    expected = [Fault(kind="lost", product="jitsu", method="POST", times=1)]
    for content in (
        "- {kind: lost, product: jitsu, method: POST, times: 1}",
        "faults: [{kind: lost, product: jitsu, method: POST, times: 1}]",
    ):
        file.write_text(content, encoding="utf-8")
        assert faults.load(file) == expected
    file.write_text("- {kind: lost, times: 0}", encoding="utf-8")
    with pytest.raises(ValidationError, match="times"):
        faults.load(file)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_announces_itself_and_ends_on_a_signal(number: signal.Signals) -> None:
    """`serve` prints one JSON line when it is ready, and ends with code 0 on SIGTERM and SIGINT."""
    code = "from jitops_sandbox.server import serve; serve(jitsu_port=0, jitterbit_port=0)"
    environment = {**os.environ, "PYTHONPATH": str(Path(jitops.__file__).parents[1])}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:  # noqa: S603 - ours
        assert server.stdout is not None
        line = server.stdout.readline()
        assert '"jitsu": "http://127.0.0.1:' in line
        assert '"api_key": "demokey:demo-secret-not-real"' in line
        server.send_signal(number)
        assert server.wait(timeout=60) == 0
        assert server.stdout.read() == ""

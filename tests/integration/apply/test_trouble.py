"""`jitops apply` when something is wrong: it says what, ends when waiting would not help, and loses nothing."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
import sys
import time
from typing import Any

from tests.harness.command_line import Remote, Site
from tests.harness.manifests import manifest

SOON = 60.0
"""Seconds; half of what `jitops apply` waits for."""


def test_wrong_manifests(site: Site, remote: Remote) -> None:
    """Every fault of every file is told in a line of its own; nothing is done, and the exit code is 2."""
    remote.forget_requests()
    site.write("a.yaml", site.stream("one", domain="x"), site.stream("two", strict="yes"))
    site.write("b.yaml", site.stream("three", shard=-1, nosuch=1))
    result = site.apply()
    assert (result.code, len(result.lines), result.out) == (2, 4, "")
    assert result.lines[0].startswith(
        "jitops: a.yaml, document 1 (JitsuStream one): spec.domain: is not a known field;"
    )
    assert remote.requests() == []
    assert not site.state.exists()


def test_reads_what_kubectl_reads(site: Site, remote: Remote) -> None:
    """Folders below, Lists, JSON and exports with the server's fields are read; hidden files and others are not."""
    (site.manifests / "below/.git").mkdir(parents=True)
    (site.manifests / "below/.git/x.yaml").write_text("[")
    (site.manifests / "notes.txt").write_text("[")
    exported = manifest("JitsuStream", "three", {"workspaceRef": {"name": "acme"}}, None, uid="u", resourceVersion="7")
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
    assert time.monotonic() - began < SOON
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
    assert time.monotonic() - began < SOON
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
    site.write("stream.yaml", manifest("JitsuStream", "shop", reference, "shop"))
    refused = site.apply()
    assert refused.code == 1
    assert "ReferenceNotPermitted" in refused.err
    labelled = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "shop"}}}
    site.write("namespace.yaml", labelled)
    assert site.apply().code == 0
    assert site.output("shop-jitsustream", "shop")["id"]


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


def test_pruning_killed_anywhere(site: Site, remote: Remote) -> None:
    """Killed anywhere while it prunes, a run without --prune deletes nothing more, and the next --prune ends it."""
    for step in itertools.count(1):
        remote.reset()
        site.state = site.manifests.parent / f"state-{step}"
        site.write("stream.yaml", site.stream())
        assert site.apply().code == 0
        (site.manifests / "stream.yaml").unlink()
        killed = _run_mortal(site, step, "--prune", "--yes")
        before = remote.streams()
        assert site.apply().code == 0, f"after a kill at {step}"
        assert remote.streams() == before, f"after a kill at {step}"
        result = site.apply("--prune", "--yes")
        assert (result.code, result.err) == (0, ""), f"after a kill at {step}"
        assert (remote.streams(), len(remote.connectors())) == ({}, 1), f"after a kill at {step}"
        assert site.output("shop-jitsustream") == {}, f"after a kill at {step}"
        if not killed:
            break
    assert step > 4


def _run_mortal(site: Site, step: int, *options: str) -> bool:
    """Apply in a process that dies by SIGKILL at its n-th step; tell whether it came that far."""
    process = multiprocessing.get_context("fork").Process(target=_apply_until, args=(site, step, *options))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _apply_until(site: Site, step: int, *options: str) -> None:
    """Count the renames by which each write takes effect, and what is removed; the files of outputs are all alike."""
    steps = itertools.count(1)

    def die(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("os.rename", "os.remove") and "/objects/" in str(arguments[0]) and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(die)
    os._exit(site.apply(*options).code)

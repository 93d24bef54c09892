"""Manifests are accepted as strictly as by kubectl, and each fault is told so that a person finds and heals it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from tests.harness.repository import EXAMPLES

from jitops.core.kube import Key
from jitops.local.documents import secret_data
from jitops.local.manifests import Manifest, ManifestsRefused, load

SECRET = "apiVersion: v1, kind: Secret"
NAMED = f"{SECRET}, metadata: {{name: x}}"
STREAM = "apiVersion: jitops.dev/v1alpha1, kind: JitsuStream, metadata: {name: x}"


def refused(folder: Path) -> tuple[str, ...]:
    """Give the faults for which a folder is refused."""
    with pytest.raises(ManifestsRefused) as error:
        load(folder)
    return error.value.faults


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a: [", "x.yaml, line 1: is no valid YAML"),
        ("a: 1\na: 2", "x.yaml, line 2: is no valid YAML (a is given twice in one map)"),
        ("password: *planted", "x.yaml, line 1: is no valid YAML (found undefined alias)"),
        ("password: !planted x", "x.yaml, line 1: is no valid YAML (could not determine a constructor"),
        ("a: \x01", "x.yaml: is no valid YAML (special characters are not allowed)"),
        ("just text", "x.yaml, document 1: is not an object; write a manifest with apiVersion, kind and metadata"),
        ("{kind: Secret}", "x.yaml, document 1: it has no kind and apiVersion that jitops applies: these are Jitsu"),
        ("---\n---\n{apiVersion: apps/v1, kind: Deployment}", "x.yaml, document 2: kind Deployment of apps/v1 is not"),
        ("{apiVersion: jitops.dev/v1, kind: Connector}", "x.yaml, document 1: kind Connector of jitops.dev/v1 is not"),
        (f"{{{SECRET}}}", "x.yaml, document 1 (Secret): metadata: is required"),
        (f"{{{SECRET}, metadata: x}}", "x.yaml, document 1 (Secret): metadata: must be an object with fields"),
        (f"{{{SECRET}, metadata: {{}}}}", "x.yaml, document 1 (Secret None): metadata.name: is required"),
        (f"{{{SECRET}, metadata: {{name: x, lables: {{}}}}}}", "(Secret x): metadata.lables: is not a known field"),
        (f"{{{SECRET}, metadata: {{name: ../x}}}}", "metadata.name: must be the name of a Kubernetes object"),
        (f"{{{SECRET}, metadata: {{name: x, namespace: ..}}}}", "metadata.namespace: must be the name of a namespace"),
        (
            f"{{{SECRET}, metadata: {{name: x, labels: {{app.kubernetes.io/managed-by: jitops}}}}}}",
            "metadata.labels: must leave out app.kubernetes.io/managed-by: jitops",
        ),
        (f"{{{NAMED}, stringdata: {{a: planted}}}}", "x.yaml, document 1 (Secret x): stringdata: is not a known field"),
        (f"{{{NAMED}, stringData: {{a: 123456}}}}", "stringData.a: must be a string; put numbers"),
        (f"{{{NAMED}, stringData: {{../a: planted}}}}", "must be a key of a Secret or ConfigMap"),
        (f"{{{NAMED}, data: {{a: planted!}}}}", "data.a: must be text in UTF-8, written in base64"),
        (f"{{{NAMED}, data: {{a: /w==}}}}", "data.a: must be text in UTF-8, written in base64"),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: {}}}", "data.a: must be a string"),
        (
            f"{{{STREAM}, spec: {{workspaceRef: {{name: a}}, domain: b}}}}",
            "(JitsuStream x): spec.domain: is not a known",
        ),
        (f"{{{STREAM}}}", "x.yaml, document 1 (JitsuStream x): spec.workspaceRef: is required"),
        (f"{{{STREAM}, spec: [1]}}", "x.yaml, document 1 (JitsuStream x): spec: must be an object with fields"),
    ],
)
def test_faults(tmp_path: Path, content: str, line: str) -> None:
    """Each fault is one line with file, document, field and cure, and never a value."""
    (tmp_path / "x.yaml").write_text(content)
    (fault,) = refused(tmp_path)
    assert line in fault
    assert "\n" not in fault
    assert "planted" not in fault


def test_given_twice(tmp_path: Path) -> None:
    """Two manifests of one object are refused, naming both places."""
    (tmp_path / "a.yaml").write_text(f"{{{NAMED}}}")
    (tmp_path / "b.yaml").write_text(f"---\n---\n{{{NAMED}}}")
    (fault,) = refused(tmp_path)
    assert fault.startswith("b.yaml, document 2 (Secret x): Secret default/x is in a.yaml, document 1 (Secret x)")


def test_unreadable_files(tmp_path: Path) -> None:
    """A folder that isn't there, and a file that holds no text or leads nowhere, are each a sentence."""
    assert refused(tmp_path / "none")[0].endswith(
        "there is no such file or folder; name the one that holds your manifests"
    )
    (tmp_path / "a.yaml").write_bytes(b"\xff")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "nowhere")
    assert refused(tmp_path) == (
        "a.yaml: is not text in UTF-8; save it in this encoding",
        "b.yaml: can't be read (No such file or directory); permit it, or remove the file",
    )


def test_what_is_read(tmp_path: Path) -> None:
    """One file alone, or all YAML and JSON files below a folder, but nothing hidden, and not the state."""
    for path in ("a.yaml", "below/b.yml", "below/c.json", "x.txt", ".d.yaml", ".git/e.yaml", "state/f.json"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        name = Path(path).stem.strip(".")
        (tmp_path / path).write_text(json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}))
    assert [one.key.name for one in load(tmp_path, skip=(tmp_path / "state").absolute())] == ["a", "b", "c"]
    assert [one.place for one in load(tmp_path / "below/b.yml")] == ["b.yml, document 1 (Secret b)"]


def test_as_kubectl_reads_it(tmp_path: Path) -> None:
    """Lists are taken apart, what only the server sets is read over, dates stay text, the namespace is `default`."""
    exported = (
        f"{{{SECRET}, metadata: {{name: y, namespace: team, uid: u, resourceVersion: '1', managedFields: [{{}}]}}}}"
    )
    text = f"{{{NAMED}, stringData: {{a: 2026-01-01}}, data: {{b: {base64.b64encode('ä'.encode()).decode()}}}}}"
    (tmp_path / "x.yaml").write_text(f"apiVersion: v1\nkind: List\nitems:\n- {text}\n- {exported}\n")
    first, second = load(tmp_path)
    assert (first.key, second.key) == (Key("Secret", "default", "x"), Key("Secret", "team", "y"))
    assert secret_data(first.body) == {"a": "2026-01-01", "b": "ä"}


def test_nothing_shows(tmp_path: Path) -> None:
    """A manifest's `repr` tells what and where, never what is in it."""
    (tmp_path / "x.yaml").write_text(f"{{{NAMED}, stringData: {{a: plaintext}}}}")
    shown = repr(load(tmp_path)[0])
    assert "x.yaml" in shown
    assert "plaintext" not in shown


def test_examples_are_accepted() -> None:
    """The examples that come with jitops can be applied."""
    found: list[Manifest] = load(EXAMPLES)
    assert {one.key.kind for one in found} >= {"Secret", "JitsuWorkspace", "JitsuStream", "Connector"}

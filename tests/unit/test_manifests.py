"""Manifests are accepted as strictly as by kubectl, and each fault is told so that a person finds and heals it."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from tests.harness.repository import EXAMPLES

from jitops.core.kube import Key
from jitops.local.documents import secret_data
from jitops.local.manifests import ManifestsRefused, load, read

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
        ("---\n---\n{kind: Connector}", "x.yaml, document 2: it has no kind and apiVersion that jitops applies"),
        ("{apiVersion: jitops.dev/v1alpha1, kind: JitsuSteam}", "kind JitsuSteam of jitops.dev/v1alpha1 is not one"),
        ("{apiVersion: jitops.dev/v1alpha1}", "x.yaml, document 1: it has no kind and apiVersion that jitops applies"),
        ("{apiVersion: jitops.dev, kind: Connector}", "x.yaml, document 1: kind Connector of jitops.dev is not one"),
        ("{apiVersion: Jitops.dev/v1alpha1, kind: Connector}", "kind Connector of Jitops.dev/v1alpha1 is not one"),
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


def test_what_is_for_other_tools(tmp_path: Path) -> None:
    """Kustomizations and resources of other groups are skipped, each kind of a file reported once; Secrets are not."""
    (tmp_path / "kustomization.yaml").write_text("resources: [x.yaml]")
    deployment, service = "{apiVersion: apps/v1, kind: Deployment}", "{apiVersion: v1, kind: Service}"
    (tmp_path / "x.yaml").write_text("\n---\n".join((deployment, service, deployment, f"{{{NAMED}}}")))
    loaded = read(tmp_path)
    assert [str(one.key) for one in loaded.manifests] == ["Secret default/x"]
    assert loaded.skipped == [
        "skipped: kustomization.yaml: Kustomization",
        "skipped: x.yaml: Deployment (apps/v1), 2 of them",
        "skipped: x.yaml: Service (v1)",
    ]


def test_nothing_of_jitops_is_refused(tmp_path: Path) -> None:
    """An empty folder, and one with only Secrets and others' resources, say that no manifest of jitops is there."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.yaml").write_text(f"{{{NAMED}}}\n---\n{{apiVersion: apps/v1, kind: Deployment}}")
    for folder in (tmp_path / "empty", tmp_path):
        (fault,) = refused(folder)
        assert fault.startswith(f"{folder}: no manifest of jitops (jitops.dev/v1alpha1) is there, and nothing was done")


def test_several_sources(tmp_path: Path) -> None:
    """Files and folders are read together, each file once, and named in full."""
    for name in ("a/x.yaml", "b/y.yaml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(f"{{{SECRET}, metadata: {{name: {name[2]}}}}}")
    loaded = read(tmp_path / "b/y.yaml", tmp_path / "a", tmp_path / "a/x.yaml", tmp_path / "b")
    assert [one.place for one in loaded.manifests] == [
        f"{tmp_path}/b/y.yaml, document 1 (Secret y)",
        f"{tmp_path}/a/x.yaml, document 1 (Secret x)",
    ]


def test_symbolic_links(tmp_path: Path) -> None:
    """Links to files and folders are followed, and a loop of links ends; each file is read once."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/x.yaml").write_text(f"{{{NAMED}}}")
    (tmp_path / "elsewhere/loop").symlink_to(tmp_path / "manifests")
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests/link").symlink_to("../elsewhere")
    (tmp_path / "manifests/self").symlink_to(".")
    (tmp_path / "manifests/y.yaml").symlink_to("../elsewhere/x.yaml")
    (tmp_path / "elsewhere/z.yaml").write_text(f"{{{SECRET}, metadata: {{name: z}}}}")
    (tmp_path / "other").symlink_to("manifests")
    assert {one.key.name for one in read(tmp_path / "other").manifests} == {"x", "z"}


def test_a_state_is_no_manifest(tmp_path: Path) -> None:
    """A state among the manifests, also one that is not in use, is skipped, and only the other one is reported."""
    for name in ("mine", "other"):
        (tmp_path / name / "objects").mkdir(parents=True)
        (tmp_path / name / "cluster-id").write_text("x\n")
        (tmp_path / name / "objects/x.json").write_text("{}")
    loaded = read(tmp_path, state=tmp_path / "mine")
    assert (loaded.manifests, loaded.skipped) == (
        [],
        [f"skipped: {tmp_path / 'other'}: is a state of jitops, and holds no manifests"],
    )


def test_an_unreadable_folder_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that can't be listed is refused: its manifests would seem to have been removed."""
    (tmp_path / "below").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "below":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(ManifestsRefused, match="below: can't be read \\(Permission denied\\)"):
        read(tmp_path)


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
    assert [one.key.name for one in read(tmp_path, state=tmp_path / "state").manifests] == ["a", "b", "c"]
    assert [one.place for one in read(tmp_path / "below/b.yml").manifests] == ["b.yml, document 1 (Secret b)"]


def test_as_kubectl_reads_it(tmp_path: Path) -> None:
    """Lists are taken apart, what only the server sets is read over, dates stay text, the namespace is `default`."""
    exported = (
        f"{{{SECRET}, metadata: {{name: y, namespace: team, uid: u, resourceVersion: '1', managedFields: [{{}}]}}}}"
    )
    text = f"{{{NAMED}, stringData: {{a: 2026-01-01}}, data: {{b: {base64.b64encode('ä'.encode()).decode()}}}}}"
    (tmp_path / "x.yaml").write_text(f"apiVersion: v1\nkind: List\nitems:\n- {text}\n- {exported}\n")
    first, second = read(tmp_path).manifests
    assert (first.key, second.key) == (Key("Secret", "default", "x"), Key("Secret", "team", "y"))
    assert secret_data(first.body) == {"a": "2026-01-01", "b": "ä"}


def test_nothing_shows(tmp_path: Path) -> None:
    """A manifest's `repr` tells what and where, never what is in it."""
    (tmp_path / "x.yaml").write_text(f"{{{NAMED}, stringData: {{a: plaintext}}}}")
    shown = repr(read(tmp_path).manifests[0])
    assert "x.yaml" in shown
    assert "plaintext" not in shown


def test_examples_are_accepted() -> None:
    """The examples that come with jitops can be applied."""
    assert {one.key.kind for one in load(EXAMPLES).manifests} >= {
        "Secret",
        "JitsuWorkspace",
        "JitsuStream",
        "Connector",
    }

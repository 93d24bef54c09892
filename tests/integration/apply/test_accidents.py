"""Accidents with `jitops apply`, each with and without `--prune`: nothing is deleted at any product."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import yaml
from tests.harness.command_line import Remote, Result, Site


@dataclass(frozen=True)
class Accident:
    """What happened to a user whose three objects are Ready, and what jitops says about it."""

    name: str
    happens: Callable[[Site, tuple[str, ...]], Result]
    code: int
    says: str
    """A part of what is printed, whatever the options."""
    pruning: int = 2
    """The exit code with --prune, where nobody can be asked."""


def emptied(site: Site, options: tuple[str, ...]) -> Result:
    """Apply a folder from which everything is gone."""
    for file in site.manifests.iterdir():
        file.unlink()
    return site.apply(*options)


def commented_out(site: Site, options: tuple[str, ...]) -> Result:
    """Apply files that hold only comments."""
    for file in site.manifests.iterdir():
        file.write_text("# " + file.read_text().replace("\n", "\n# "))
    return site.apply(*options)


def renamed(site: Site, options: tuple[str, ...]) -> Result:
    """Apply a folder of backups."""
    for file in site.manifests.iterdir():
        file.rename(file.with_suffix(".yaml.bak"))
    return site.apply(*options)


def one_file(site: Site, options: tuple[str, ...]) -> Result:
    """Apply one file of several."""
    return site.apply(*options, sources=[site.manifests / "stream.yaml"])


def two_files(site: Site, options: tuple[str, ...]) -> Result:
    """Apply two files of several."""
    return site.apply(*options, sources=[site.manifests / "stream.yaml", site.manifests / "jitsu.yaml"])


def missing_file(site: Site, options: tuple[str, ...]) -> Result:
    """Apply a file and one that is not there."""
    return site.apply(*options, sources=[site.manifests / "stream.yaml", site.manifests / "conector.yaml"])


def other_state(site: Site, options: tuple[str, ...]) -> Result:
    """Apply manifests to the state of other ones, under their own identity."""
    elsewhere = site.manifests.parent / "elsewhere"
    elsewhere.mkdir()
    (site.manifests / "connector.yaml").rename(elsewhere / "connector.yaml")
    (site.manifests / "jitterbit.yaml").rename(elsewhere / "jitterbit.yaml")
    return site.apply(*options, sources=[elsewhere])


def other_identity(site: Site, options: tuple[str, ...]) -> Result:
    """Apply with the identity of another state."""
    site.cluster_id = "production"
    return site.apply(*options)


def others_resources(site: Site, options: tuple[str, ...]) -> Result:
    """Apply a folder in which only resources of others are left."""
    for file in site.manifests.iterdir():
        file.unlink()
    site.write("web.yaml", {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}})
    return site.apply(*options)


def misspelt_kind(site: Site, options: tuple[str, ...]) -> Result:
    """Apply a manifest whose kind is misspelt."""
    site.write("stream.yaml", {**site.stream(), "kind": "JitsuSteam"})
    return site.apply(*options)


def other_version(site: Site, options: tuple[str, ...]) -> Result:
    """Apply a manifest of a version that does not exist."""
    site.write("stream.yaml", {**site.stream(), "apiVersion": "jitops.dev/v1"})
    return site.apply(*options)


def linked_folder(site: Site, options: tuple[str, ...]) -> Result:
    """Apply a symbolic link to the folder, in which a file is a link too."""
    site.manifests.rename(site.manifests.parent / "real")
    site.manifests.symlink_to("real")
    (site.manifests / "stream.yaml").rename(site.manifests.parent / "stream.yaml")
    (site.manifests / "stream.yaml").symlink_to("../stream.yaml")
    return site.apply(*options)


def linked_loop(site: Site, options: tuple[str, ...]) -> Result:
    """Apply a folder with a link to itself."""
    (site.manifests / "loop").symlink_to(".")
    return site.apply(*options)


def piped(site: Site, options: tuple[str, ...]) -> Result:
    """Apply standard input, which holds one stream of several objects, without a terminal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(yaml.safe_dump(site.stream()).encode())))
        return site.apply(*options, sources=["-"])


def piped_nothing(site: Site, options: tuple[str, ...]) -> Result:
    """Apply standard input, from a command that printed nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        return site.apply(*options, sources=["-"])


def no_credentials(site: Site, options: tuple[str, ...]) -> Result:
    """Apply manifests without the Secret that a workspace uses."""
    site.write("jitsu.yaml", site.workspace())
    return site.apply(*options)


KEPT = "JitsuStream default/shop, remote id shop"
NOTHING = "no manifest of jitops (jitops.dev/v1alpha1) is there, and nothing was done"
ACCIDENTS = (
    Accident("an empty folder", emptied, 2, NOTHING),
    Accident("only comments", commented_out, 2, NOTHING),
    Accident("only .bak files", renamed, 2, NOTHING),
    Accident("one file of several", one_file, 0, "Connector default/crm, remote id "),
    Accident("two -f of several", two_files, 0, "Connector default/crm, remote id "),
    Accident("a missing file", missing_file, 2, "conector.yaml: there is no such file or folder"),
    Accident("another state", other_state, 0, KEPT),
    Accident("another identity", other_identity, 2, "--cluster-id: "),
    Accident("resources of other groups", others_resources, 2, "skipped: web.yaml: Deployment (apps/v1)"),
    Accident("an unknown kind of jitops", misspelt_kind, 2, "kind JitsuSteam of jitops.dev/v1alpha1 is not one"),
    Accident("an unknown version of jitops", other_version, 2, "kind JitsuStream of jitops.dev/v1 is not one"),
    Accident("a folder behind a symbolic link", linked_folder, 0, "all is Ready: 4 resources", pruning=0),
    Accident("a loop of symbolic links", linked_loop, 0, "all is Ready: 4 resources", pruning=0),
    Accident("standard input with a part", piped, 0, "Connector default/crm, remote id "),
    Accident("empty standard input", piped_nothing, 2, NOTHING),
    Accident("a Secret left out", no_credentials, 0, "Secret default/jitsu"),
)


@pytest.mark.parametrize("accident", ACCIDENTS, ids=lambda one: one.name)
@pytest.mark.parametrize("options", [(), ("--prune",)], ids=["", "prune"])
def test_an_accident_deletes_nothing(site: Site, remote: Remote, accident: Accident, options: tuple[str, ...]) -> None:
    """Both products hold afterwards what they held before, and so does the state; no DELETE was sent."""
    assert site.apply().code == 0
    before, outputs = (remote.streams(), remote.connectors()), site.outputs()
    remote.forget_requests()
    result = accident.happens(site, options)
    assert result.code == (accident.pruning if options else accident.code), result
    assert accident.says in result.out + result.err
    assert "Traceback" not in result.err
    assert remote.writes() == []
    assert ((remote.streams(), remote.connectors()), site.outputs()) == (before, outputs)


def test_kept_resources_are_not_compared(site: Site, remote: Remote) -> None:
    """What is not in the manifests is listed, neither compared nor repaired, and has no effect on the exit code."""
    site.write("other.yaml", site.stream("other"))
    site.apply()
    ids = {one["name"]: id_ for id_, one in remote.streams().items()}
    (site.manifests / "other.yaml").unlink()
    (site.manifests / "jitterbit.yaml").unlink()
    (site.manifests / "connector.yaml").unlink()
    remote.rename(ids["other"], "by hand")
    remote.fault(kind="error", status=503, product="jitterbit")
    remote.forget_requests()
    result = site.apply()
    assert (result.code, result.err) == (0, "")
    assert f"kept: JitsuStream default/other, remote id {ids['other']} (not in the manifests; --prune deletes it)" in (
        result.out
    )
    assert result.out.splitlines()[-1] == "all is Ready: 2 resources, 3 kept"
    assert remote.streams()[ids["other"]]["name"] == "by hand"
    assert not [one for one in remote.requests() if "connector" in one or "login" in one]


def test_a_kept_connection_serves_others(site: Site, remote: Remote) -> None:
    """A connection that is not in the manifests is still checked for the resources that use it, and recovers."""
    site.apply()
    remote.fault(kind="error", status=503, product="jitsu", method="GET", times=3)
    result = site.apply(sources=[site.manifests / "stream.yaml"])
    assert (result.code, result.err) == (0, "")
    assert "kept: JitsuWorkspace default/acme" in result.out


def test_more_than_permitted_is_refused(site: Site, remote: Remote) -> None:
    """More deletions than --max-deletions are refused even with --yes, and listed; a larger number permits them."""
    site.write("more.yaml", *(site.stream(f"s{number}") for number in range(6)))
    site.apply()
    (site.manifests / "more.yaml").unlink()
    remote.forget_requests()
    result = site.apply("--prune", "--yes")
    assert result.code == 2
    assert "6 resources would be deleted, more than --max-deletions 5 permits, and nothing was done" in result.err
    assert result.out.count("to be deleted: JitsuStream default/s") == 6
    assert site.destroy("--yes").code == 2
    assert remote.requests() == []
    assert site.apply("--prune", "--yes", "--max-deletions", "6").code == 0
    assert len(remote.streams()) == 1


def test_nobody_can_be_asked(site: Site, remote: Remote) -> None:
    """Without --yes and without a terminal deletions are shown and refused, before anything else is done."""
    site.apply()
    (site.manifests / "stream.yaml").unlink()
    site.write("new.yaml", site.stream("new"))
    remote.forget_requests()
    for result in (site.apply("--prune"), site.destroy()):
        assert result.code == 2
        assert "to be deleted: JitsuStream default/shop, remote id shop" in result.out
        assert "without a terminal nobody can be asked: repeat with --yes" in result.err
    assert remote.requests() == []


def test_the_question(site: Site, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the user is asked after the list; only y deletes, and the end of the input means no."""
    site.apply()
    (site.manifests / "stream.yaml").unlink()
    remote.forget_requests()
    for answer in ("\n", "n\n", "", "yep\n"):
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        result = site.apply("--prune")
        assert (result.code, len(result.lines)) == (2, 1)
        assert "Delete 1 object? [y/N] " in result.err
        assert "the deletions were declined, and nothing was done" in result.err
    assert remote.requests() == []
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert site.apply("--prune").code == 0
    assert remote.streams() == {}


class Terminal(io.StringIO):
    """Standard input that is a terminal."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


def test_a_pass_without_prune_ends_no_deletion(site: Site, remote: Remote) -> None:
    """A deletion that was begun and could not end waits for the next --prune, and says so."""
    site.apply()
    (site.manifests / "stream.yaml").rename(site.manifests / "stream.txt")
    remote.fault(kind="error", status=503, product="jitsu", method="DELETE", times=1000)
    assert site.apply("--prune", "--yes", "--timeout", "2").code == 1
    remote.clear_faults()
    remote.forget_requests()
    result = site.apply()
    assert result.code == 0
    assert "(its deletion was begun, and goes on with --prune)" in result.out
    assert remote.writes() == []
    assert site.apply("--prune", "--yes").code == 0
    assert remote.streams() == {}


def test_a_secret_in_use_is_not_pruned(site: Site, remote: Remote) -> None:
    """A Secret whose manifest is gone stays while a resource needs it, which is a complaint with --prune."""
    site.apply()
    site.write("jitsu.yaml", site.workspace())
    result = site.apply("--prune", "--yes")
    assert result.code == 1
    assert "Secret default/jitsu: is not in the manifests any more, but still in use" in result.err
    assert len(remote.streams()) == 1
    assert site.apply().code == 0


def test_destroy_needs_a_state(site: Site) -> None:
    """`jitops destroy` refuses a folder that is no state; a state without resources has nothing to delete."""
    assert site.destroy("--yes").code == 2
    assert not site.state.exists()
    site.apply()
    assert site.destroy("--yes").code == 0
    assert site.destroy().code == 0

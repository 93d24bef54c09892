"""`jitops apply`: a folder of manifests made so, remembered in another folder, with no cluster."""

from __future__ import annotations

import os
import stat
from typing import Any

from tests.harness.command_line import Remote, Site
from tests.harness.manifests import manifest


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
    assert [name for name in after if after[name] != before[name]] == [
        "objects/default/JitterbitOrganization/acme.json"
    ]


def test_repairs_drift(site: Site, remote: Remote) -> None:
    """What somebody changed at the product is changed back by the next run."""
    site.apply()
    (stream,) = remote.streams()
    remote.rename(stream, "by hand")
    assert site.apply().code == 0
    assert remote.streams()[stream]["name"] == "shop"


def test_restores_outputs(site: Site) -> None:
    """Output files that were edited or deleted by hand are as they were after the next run."""
    site.apply()
    before = site.output("crm-connector")
    folder = site.state / "outputs/default/crm-connector"
    (folder / "key").unlink()
    (folder / "secret").write_text("edited")
    assert site.apply().code == 0
    assert site.output("crm-connector") == before


def test_prunes_what_left_the_folder(site: Site, remote: Remote) -> None:
    """With --prune a removed manifest takes its remote object and its outputs with it, and nothing else."""
    site.apply()
    (site.manifests / "stream.yaml").unlink()
    result = site.apply("--prune", "--yes")
    assert (result.code, remote.streams(), len(remote.connectors())) == (0, {}, 1)
    assert site.output("shop-jitsustream") == {}
    assert site.output("crm-connector")
    assert "to be deleted: JitsuStream default/shop, remote id shop" in result.out
    assert "JitsuStream default/shop: deleted" in result.out


def test_destroys_all_in_the_right_order(site: Site, remote: Remote) -> None:
    """`jitops destroy` deletes everything; the log-ins outlast what needs them, and nothing of a user's stays."""
    site.apply()
    result = site.destroy("--yes")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "all is deleted: 4 resources"
    assert (remote.streams(), remote.connectors()) == ({}, [])
    assert list(site.objects()) == ["objects/jitops-system/Secret/jitops-hash-key.json"]


def test_retained_output_stays(site: Site, remote: Remote) -> None:
    """With deletionPolicy Retain the object, its Secret and the files outlive the manifest."""
    site.write("stream.yaml", site.stream(management={"deletionPolicy": "Retain"}))
    site.apply()
    before = site.output("shop-jitsustream")
    (site.manifests / "stream.yaml").unlink()
    result = site.apply("--prune", "--yes")
    assert result.code == 0
    assert f"shop, remote id {before['id']} (nothing is deleted at the product)" in result.out
    assert list(remote.streams()) == [before["id"]]
    assert site.apply().code == 0
    assert site.output("shop-jitsustream") == before


def test_a_connection_in_use_is_not_deleted(site: Site, remote: Remote) -> None:
    """A connection that left the folder too early blocks, saying who uses it, and may simply come back."""
    site.apply()
    (site.manifests / "jitsu.yaml").rename(site.manifests / "jitsu.txt")
    result = site.apply("--prune", "--yes")
    assert result.code == 1
    assert any("DeletionBlocked" in line and "JitsuStream default/shop" in line for line in result.lines)
    assert any(
        line.startswith("jitops: Secret default/jitsu: is not in the manifests any more") for line in result.lines
    )
    (site.manifests / "jitsu.txt").rename(site.manifests / "jitsu.yaml")
    remote.forget_requests()
    assert site.apply().code == 0
    assert remote.writes() == []


def test_identity_is_kept(site: Site, remote: Remote) -> None:
    """The state keeps its identity, by which a stream is found again even if everything else is lost."""
    (site.manifests / "connector.yaml").unlink()
    site.cluster_id = "production"
    site.apply()
    assert (site.state / "cluster-id").read_text() == "production\n"
    (stream,) = remote.streams()
    for file in (site.state / "objects").rglob("*.json"):
        file.unlink()
    assert site.apply().code == 0
    assert list(remote.streams()) == [stream]


def test_custom_api_by_hand(site: Site) -> None:
    """What a person has to do is told with exit code 1, its documents lie in files; acknowledged, the code is 0."""
    site.apply()
    site.write("api.yaml", custom_api({"mode": "Manual"}))
    result = site.apply()
    documents = site.output("customers-customapi_configmap")
    assert result.code == 1
    (complaint,) = result.lines
    assert "CustomAPI default/customers: not ready: ManualActionRequired" in complaint
    assert documents["configurationHash"] in complaint
    assert documents["url"] == "https://api.example.com/dev/customers"
    site.write("api.yaml", custom_api({"mode": "Manual", "acknowledgedHash": documents["configurationHash"]}))
    assert (site.apply().code, site.output("customers-customapi_configmap")) == (0, documents)
    (site.manifests / "api.yaml").unlink()
    assert site.apply("--prune", "--yes").code == 0
    assert site.output("customers-customapi_configmap") == {}


def custom_api(publication: dict[str, str]) -> dict[str, Any]:
    """Make a CustomAPI."""
    service = {"name": "read", "project": "CRM", "operation": "Read", "method": "GET", "responseType": "FinalTarget"}
    spec = {
        "organizationRef": {"name": "acme"},
        "environment": {"name": "Development", "urlPrefix": "dev"},
        "serviceRoot": "customers",
        "baseUrl": "https://api.example.com",
        "services": [service],
        "security": {"anonymous": True},
        "publication": publication,
    }
    return manifest("CustomAPI", "customers", spec, None)

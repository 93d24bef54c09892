"""Manifests of a Harmony organization, from its connectors as the listing shows them (docs/reference/jitterbit.md 2.6).

Pure functions: rows in, manifests out. Keys and secrets are not part of them: each Connector's Secret receives them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitops.api.schema.model import InvalidSpec, validate_spec
from jitops.importing.manifests import Imported, Manifest, resource, watched_secret
from jitops.products.jitterbit.connector.spec import ConnectorSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jitops.importing.names import Names
    from jitops.products.jitterbit.wire import ConnectorRow

COMMENT = """\
The connectors that the organization lists. Harmony does not show which are of the Connector SDK and which of the
Connector Builder, so each is written as one of the SDK, with deletionPolicy Retain: deleting the resource keeps the
connector. Before applying: for one of the Builder, set source: Builder and remove management; for one of the SDK,
remove deletionPolicy, and copy the content of its JAR's manifest to manifest, its activities in the order of their
ids."""


def organization(name: str, spec: Manifest, email: str) -> tuple[Manifest, Manifest]:
    """Return the connection, and its Secret, whose password a person fills in."""
    login = f"{name}-harmony"
    credentials = watched_secret(login, {"email": email, "password": "<the password>"})
    return credentials, resource("JitterbitOrganization", name, spec={**spec, "credentialsRef": {"name": login}})


def connectors(rows: Iterable[ConnectorRow], names: Names, organization_name: str) -> Imported:
    """Return a Connector for each row; comment and notes name the rows that no spec can describe."""
    manifests, left_out = [], []
    for row in rows:
        name = names.name("Connector", row.name, row.id)
        spec = {
            "organizationRef": {"name": organization_name},
            **({"name": row.name} if row.name != name else {}),
            "version": row.version,
            "management": {"adopt": {"mode": "Match", "id": row.id}, "deletionPolicy": "Retain"},
        }
        try:
            validate_spec(ConnectorSpec, spec)
        except InvalidSpec as error:
            left_out.append(f"left out connector {row.id}: {error}")
        else:
            manifests.append(resource("Connector", name, spec=spec))
    comments = {"Connector": "\n".join([COMMENT, *left_out])} if manifests or left_out else {}
    return Imported(manifests, comments, left_out)

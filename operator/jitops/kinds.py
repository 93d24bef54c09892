"""THE TABLE: one row per kind. Start reading here.

A managed kind is a model (what users write), an adapter (what is done at the remote), and the connection that it
speaks over. `core.reconciler` does the rest, the same for every row. Adding a kind: docs/adding-a-kind.md.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jitops.api import kinds
from jitops.core.contract.kinds import ConnectionRow, Kinds, Row
from jitops.products.jitsu.destination.adapter import DestinationAdapter
from jitops.products.jitsu.function.adapter import FunctionAdapter, function_inputs
from jitops.products.jitsu.link.adapter import LinkAdapter
from jitops.products.jitsu.link.references import link_claims, link_inputs, link_uses
from jitops.products.jitsu.masked.secret_fields import secret_inputs
from jitops.products.jitsu.service.adapter import ServiceAdapter
from jitops.products.jitsu.stream.adapter import StreamAdapter
from jitops.products.jitsu.workspace.connection import open_workspace
from jitops.products.jitterbit.client import open_organization
from jitops.products.jitterbit.connector.adapter import ConnectorAdapter
from jitops.products.jitterbit.connector.builder import export_inputs, is_of_builder
from jitops.products.jitterbit.custom_api.adapter import CustomAPIAdapter, config_map_name
from jitops.products.jitterbit.custom_api.references import api_claims, api_inputs, kept_by_hand

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.core.kube import Resource
    from jitops.remote.client import HttpPool


def table(pool: HttpPool, clock: Clock) -> Kinds:
    """Give the kinds that this operator knows, their clients opened over a pool."""
    return Kinds(
        connections={
            "JitsuWorkspace": ConnectionRow(
                info=kinds.JITSU_WORKSPACE,
                credentials=("apiKey",),
                open=partial(open_workspace, pool=pool, clock=clock),
            ),
            "JitterbitOrganization": ConnectionRow(
                info=kinds.JITTERBIT_ORGANIZATION,
                credentials=("email", "password"),
                optional=("adapterToken",),
                caseless=frozenset({"email"}),
                open=partial(open_organization, pool=pool, clock=clock),
            ),
        },
        managed={
            "JitsuStream": Row(
                info=kinds.JITSU_STREAM,
                connection="JitsuWorkspace",
                reference="workspaceRef",
                adapter=StreamAdapter,
                output_name="{}-jitsustream".format,
                write_once=frozenset({"publicKeyId", "publicKeySecret", "privateKeyId", "privateKeySecret"}),
                claims=_remote_ids,
            ),
            "JitsuDestination": Row(
                info=kinds.JITSU_DESTINATION,
                connection="JitsuWorkspace",
                reference="workspaceRef",
                adapter=DestinationAdapter,
                output_name=_only_if_named,
                inputs=secret_inputs,
                claims=_remote_ids,
            ),
            "JitsuFunction": Row(
                info=kinds.JITSU_FUNCTION,
                connection="JitsuWorkspace",
                reference="workspaceRef",
                adapter=FunctionAdapter,
                output_name=_only_if_named,
                inputs=function_inputs,
                claims=_remote_ids,
            ),
            "JitsuService": Row(
                info=kinds.JITSU_SERVICE,
                connection="JitsuWorkspace",
                reference="workspaceRef",
                adapter=ServiceAdapter,
                output_name=_only_if_named,
                inputs=secret_inputs,
                claims=_remote_ids,
            ),
            "JitsuLink": Row(
                info=kinds.JITSU_LINK,
                connection="JitsuWorkspace",
                reference="workspaceRef",
                adapter=LinkAdapter,
                output_name=_only_if_named,
                inputs=link_inputs,
                uses=link_uses,
                claims=lambda resource: _remote_ids(resource) | link_claims(resource),
            ),
            "Connector": Row(
                info=kinds.CONNECTOR,
                connection="JitterbitOrganization",
                reference="organizationRef",
                adapter=ConnectorAdapter,
                output_name="{}-connector".format,
                inputs=export_inputs,
                observes=is_of_builder,
                claims=_registrations,
            ),
            "CustomAPI": Row(
                info=kinds.CUSTOM_API,
                connection="JitterbitOrganization",
                reference="organizationRef",
                adapter=CustomAPIAdapter,
                output_name=_only_if_named,
                config_map_name=config_map_name,
                inputs=api_inputs,
                claims=lambda resource: _remote_ids(resource) | api_claims(resource),
                out_of_reach=kept_by_hand,
            ),
        },
    )


def _only_if_named(_: str) -> None:
    """Write no Secret, unless the spec names one."""


def _remote_ids(resource: Resource) -> frozenset[str]:
    """Name the id that a resource has, or asks to adopt."""
    adopt = (resource.spec.get("management") or {}).get("adopt") or {}
    return frozenset(filter(None, (resource.status.get("id"), adopt.get("id"))))


def _registrations(resource: Resource) -> frozenset[str]:
    """Add what was replaced and, unless an id says which is meant, name and version: a connector is found by them."""
    replaced = frozenset(str(former["id"]) for former in resource.status.get("replaced") or ())
    adopt = (resource.spec.get("management") or {}).get("adopt") or {}
    name = resource.spec.get("name") or resource.key.name
    natural = frozenset() if adopt.get("id") else {f"{name}\0{resource.spec.get('version')}"}
    return _remote_ids(resource) | replaced | natural

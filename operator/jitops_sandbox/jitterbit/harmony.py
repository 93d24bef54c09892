"""The Cloud RESTful Service of one region, with methods for changes behind the operator's back.

Modelled on docs/reference/jitterbit.md section 2: login, register, list, delete, delete the payload, validate. Not
implemented: the preview "Harmony Platform API", the log services, and anything of API Manager, for which no REST
call is published.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from jitops_sandbox.answers import Answer, Call, answer, decoded
from jitops_sandbox.jitterbit.connectors import ACTIVITIES, Connector, Connectors
from jitops_sandbox.jitterbit.custom_apis import CustomApis
from jitops_sandbox.jitterbit.envelope import RefusedError, done
from jitops_sandbox.jitterbit.sessions import LOGIN, Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitops.core.clock import Clock
    from jitops_sandbox.jitterbit.switches import Refusal, Switches
    from jitops_sandbox.seed import Account, JitterbitSeed

BASE = "/jitterbit-cloud-restful-service/"
REGISTER = "Register a connector"
LIST = "List registered connectors"
DELETE = "Delete a connector"
DELETE_PAYLOAD = "Delete connector payload"
VALIDATE = "Validate connector security info"


class Harmony:
    """The stand-in of Harmony; `base_url` is the host that its logins return as the right one."""

    name = "jitterbit"

    def __init__(self, seed: JitterbitSeed, clock: Clock, switches: Switches) -> None:
        self.switches = switches
        self.base_url = ""
        self.sessions = Sessions(seed.users, clock, switches)
        self._organizations = {one.id: one for one in seed.organizations}
        self._connectors = Connectors(clock)
        self.apis = CustomApis()
        """The Custom APIs that the sandbox's adapter and gateway share; no call of Harmony shows them."""

    def connectors(self, organization: str | None = None) -> list[Connector]:
        """Return the existing registrations, of one organization or of all."""
        return self._connectors.live(organization)

    def connector(self, connector_id: str) -> Connector:
        """Return one registration by its id; a test may mark it as `used`, or as having a `payload`."""
        return self._connectors.get(connector_id)

    def register(self, organization: str, name: str, version: str) -> Connector:
        """Register a connector behind the operator's back."""
        return self._connectors.register(organization, name, version)

    def publish_in_builder(self, organization: str, name: str, version: str) -> Connector:
        """Publish a connector of the Connector Builder, as a person does there.

        In the listing it looks like any other row (docs/reference/jitterbit.md section 2.6).
        """
        return self._connectors.register(organization, name, version)

    def remove(self, connector_id: str) -> None:
        """Delete a registration behind the operator's back."""
        self._connectors.delete(self._connectors.get(connector_id))

    def organizations(self) -> list[str]:
        """Return the ids of the organizations."""
        return list(self._organizations)

    def reset(self) -> None:
        """Remove registrations, sessions and locks; organizations and accounts remain."""
        self._connectors.clear()
        self.apis.clear()
        self.sessions.clear()

    def summary(self) -> dict[str, Any]:
        """Return the objects of Harmony, without keys and secrets, for the admin prefix."""
        rows = [
            {"id": one.id, "organization": one.organization, "name": one.name, "version": one.version}
            for one in self.connectors()
        ]
        apis = [{"key": one.key, "organization": one.organization, "state": one.state} for one in self.apis.all()]
        return {"connectors": rows, "apis": apis, "loginAttempts": dict(self.sessions.attempts)}

    def respond(self, call: Call) -> Answer:
        """Answer one request."""
        try:
            return self._routed(call)
        except RefusedError as refused:
            return refused.as_answer(self.switches)

    def _routed(self, call: Call) -> Answer:
        if not call.path.startswith(BASE):
            return _no_route()
        match (call.method, *call.path.removeprefix(BASE).split("/")):
            case ("PUT", "user", "login", *rest) if rest in ([], ["tfacode"]):
                return self._log_in(call, with_code=bool(rest))
            case (_, "orgs", organization, "connector", *rest):
                return self._on_connectors(call, organization, rest)
        return _no_route()

    def _on_connectors(self, call: Call, organization: str, rest: list[str]) -> Answer:
        """Check token and organization, then answer a call for the organization's connectors."""
        handler: Callable[[], Answer]
        match (call.method, *rest):
            case ("POST",):
                operation, handler = REGISTER, partial(self._register, call, organization)
            case ("GET",):
                operation, handler = LIST, partial(self._list, organization)
            case ("PUT", "validate", "securityinfo"):
                operation, handler = VALIDATE, partial(self._validate, call, organization)
            case ("DELETE", connector_id):
                operation, handler = DELETE, partial(self._delete, organization, connector_id)
            case ("DELETE", connector_id, "sdk", "delete"):
                operation, handler = DELETE_PAYLOAD, partial(self._delete_payload, organization, connector_id)
            case _:
                return _no_route()
        account = self.sessions.verify(call.headers.get("authToken"))
        if organization not in account.organizations:
            how = self.switches.foreign_organization
            raise RefusedError(operation, "ASSUMED_NO_ACCESS", "No access to this organization.", how)
        return handler()

    def _log_in(self, call: Call, *, with_code: bool) -> Answer:
        given = _mapping(call, LOGIN)
        email, password = str(given.get("email", "")), str(given.get("password", ""))
        if with_code:
            code = str(given.get("code", ""))
            token, account = self.sessions.log_in_with_code(email, password, code)
        else:
            token, account = self.sessions.log_in(email, password)
        status = {"status": True, "operation": LOGIN} if self.switches.login_has_status else {}
        organizations = {"orgAttrs": self._attributes(account)} if self.switches.login_has_organizations else {}
        first = account.organizations[0] if account.organizations else None
        return answer(
            {
                **status,
                "authenticationToken": token,
                "serverUrl": self.base_url,
                "cloudAppsUrl": self.base_url,
                "sessionTimeoutInSeconds": int(self.switches.session_timeout_seconds),
                "defaultOrgId": first,
                **organizations,
            }
        )

    def _attributes(self, account: Account) -> list[dict[str, Any]]:
        mine = (self._organizations[organization] for organization in account.organizations)
        return [
            {"orgId": one.id, "orgName": one.name or one.id, "orgZoneUrl": one.zone_url or self.base_url}
            for one in mine
        ]

    def _register(self, call: Call, organization: str) -> Answer:
        given = _mapping(call, REGISTER, "name", "version")
        name, version = str(given["name"]), str(given["version"])
        if self.switches.names == "normalised":
            name = name.strip().lower()
        apart = self.switches.versions_coexist
        rows = self._connectors.live(organization)
        taken = any(one.name == name and (one.version == version or not apart) for one in rows)
        if taken and self.switches.duplicate_name != "accept":
            message = f"A connector named {name} exists already."
            raise RefusedError(REGISTER, "ASSUMED_DUPLICATE", message, self.switches.duplicate_name)
        row = self._row(self._connectors.register(organization, name, version))
        for known in ("name", "version"):
            del row[known]
        if not self.switches.register_has_id:
            del row["id"]
        return done(REGISTER, self.switches.register_status, **row)

    def _list(self, organization: str) -> Answer:
        rows = [self._row(one) for one in self._connectors.visible(organization, self.switches.listing_lag_seconds)]
        if rows or self.switches.empty_listing == "list":
            return done(LIST, registeredConnectorList=rows)
        if self.switches.empty_listing == "null":
            return done(LIST, registeredConnectorList=None)
        return done(LIST)

    def _delete(self, organization: str, connector_id: str) -> Answer:
        connector = self._found(organization, connector_id, DELETE)
        if connector is not None:
            self._connectors.delete(connector)
        return done(DELETE)

    def _delete_payload(self, organization: str, connector_id: str) -> Answer:
        connector = self._found(organization, connector_id, DELETE_PAYLOAD)
        if connector is None:
            return done(DELETE_PAYLOAD)
        if not connector.payload and self.switches.missing_payload == "false":
            raise RefusedError(DELETE_PAYLOAD, "ASSUMED_NO_PAYLOAD", "There is no payload.", "rejected_with_200")
        connector.payload = False
        return done(DELETE_PAYLOAD)

    def _found(self, organization: str, connector_id: str, operation: str) -> Connector | None:
        """Return the connector to delete; None if its absence counts as success."""
        connector = self._connectors.find(organization, connector_id)
        if connector is None and self.switches.missing_delete != "true":
            how: Refusal = "not_found" if self.switches.missing_delete == "not_found" else "rejected_with_200"
            raise RefusedError(operation, "ASSUMED_NOT_FOUND", "There is no such connector.", how)
        if connector is not None and connector.used:
            message = "The connector is used in a project."
            raise RefusedError(operation, "ASSUMED_IN_USE", message, self.switches.in_use_delete)
        return connector

    def _validate(self, call: Call, organization: str) -> Answer:
        given = _mapping(call, VALIDATE)
        asked = (given.get("name"), given.get("key"), given.get("secret"))
        right = any((one.name, one.key, one.secret) == asked for one in self._connectors.live(organization))
        if not right and self.switches.validate_answer != "always_true":
            how: Refusal = "unauthorized" if self.switches.validate_answer == "unauthorized" else "rejected_with_200"
            raise RefusedError(VALIDATE, "ASSUMED_INVALID_SECURITY_INFO", "Name, key or secret is wrong.", how)
        return done(VALIDATE)

    def _row(self, connector: Connector) -> dict[str, Any]:
        number: Callable[[int], object] = str if self.switches.ids == "strings" else int
        return {
            "id": number(int(connector.id)),
            "name": connector.name,
            "version": connector.version,
            "key": connector.key,
            "secret": connector.secret,
            "endpointEntityId": number(connector.endpoint),
            "functionEntityStartId": number(connector.endpoint + 1),
            "functionEntityEndId": number(connector.endpoint + ACTIVITIES),
        }


def _mapping(call: Call, operation: str, *required: str) -> dict[str, Any]:
    """Return a body that must be an object with these fields."""
    try:
        given = decoded(call.body)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not given.keys() >= set(required):
        raise RefusedError(operation, "ASSUMED_BAD_REQUEST", "The body is wrong.", "bad_request")
    return given


def _no_route() -> Answer:
    return Answer(404, b"<html><body><h1>HTTP Status 404</h1></body></html>", content_type="text/html;charset=utf-8")

"""A stand-in of a user's adapter for Custom APIs: the contract of jitops, and no API of Jitterbit's.

Bodies are checked against the contract's own schemas. The sandbox's gateway serves the APIs that it publishes.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import yaml
from jsonschema import Draft202012Validator

from jitops.products.jitterbit.adapter_contract import contract
from jitops_sandbox.answers import Answer, Call, decoded, encode

if TYPE_CHECKING:
    from collections.abc import Collection

    from jitops_sandbox.jitterbit.custom_apis import Api, CustomApis

BASE = "/v1/organizations/"
LONGEST_NAME = 128
"""Characters of an organization or a key in the contract."""
NOTE = "a stand-in, not a Jitterbit API. It speaks the contract of jitops; Jitterbit publishes no API for this."
ALLOWED = {"": "GET, PUT, DELETE", "publish": "POST", "unpublish": "POST"}
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    412: "Precondition Failed",
}


class ProblemError(Exception):
    """A failure, answered as problem details."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers

    def as_answer(self) -> Answer:
        """Return the answer that the client receives."""
        body = {"type": "about:blank", "title": TITLES[self.status], "status": self.status, "detail": self.detail}
        return Answer(self.status, encode(body), "application/problem+json", dict(self.headers))


class ApiAdapter:
    """The adapter of the seed's organizations; it requires its token."""

    name = "adapter"

    def __init__(self, apis: CustomApis, organizations: Collection[str], token: str) -> None:
        self.apis = apis
        self.gateway_url = ""
        self._organizations = organizations
        self._token = token

    def respond(self, call: Call) -> Answer:
        """Answer one request."""
        try:
            reply = self._routed(call)
        except ProblemError as problem:
            reply = problem.as_answer()
        reply.headers["X-Sandbox"] = "not a Jitterbit API"
        return reply

    def _routed(self, call: Call) -> Answer:
        if call.path == "/":
            return _json({"note": NOTE, "contract": "/openapi.yaml"})
        if call.path == "/openapi.yaml":
            return Answer(200, contract().encode(), "application/yaml")
        match [unquote(part) for part in call.path.removeprefix(BASE).split("/")] if call.path.startswith(BASE) else []:
            case [organization, "apis"]:
                self._admit(call, organization, [])
                return self._list(call, organization)
            case [organization, "apis", key]:
                self._admit(call, organization, [key])
                return self._on_api(call, organization, key)
            case [organization, "apis", key, verb] if verb in ALLOWED:
                self._admit(call, organization, [key, verb])
                return self._on_api(call, organization, key, verb)
        raise ProblemError(404, "there is no such path in the contract")

    def _admit(self, call: Call, organization: str, rest: list[str]) -> None:
        if call.headers.get("Authorization") != f"Bearer {self._token}":
            raise ProblemError(401, "the bearer token is missing or wrong", **{"WWW-Authenticate": "Bearer"})
        allowed = ALLOWED["".join(rest[1:])] if rest else "GET"
        if call.method not in allowed.split(", "):
            raise ProblemError(405, f"the path has only {allowed}", Allow=allowed)
        for value, name in zip((organization, *rest[:1]), ("Organization", "Key"), strict=False):
            if not re.search(self._parameters[name]["schema"]["pattern"], value) or len(value) > LONGEST_NAME:
                raise ProblemError(400, f"{name.lower()} has characters that the contract does not permit")
        if organization not in self._organizations:
            raise ProblemError(404, "there is no such organization")

    def _list(self, call: Call, organization: str) -> Answer:
        etag = f'"{organization}-{self.apis.version}"'
        if call.headers.get("If-None-Match") == etag:
            return Answer(304, content_type=None, headers={"ETag": etag})
        return _json({"apis": [self._shown(api) for api in self.apis.all(organization)]}, ETag=etag)

    def _on_api(self, call: Call, organization: str, key: str, verb: str = "") -> Answer:
        api = self.apis.find(organization, key)
        configuration = self._configuration(call) if call.method == "PUT" else None
        self._check_preconditions(call, api)
        if configuration is not None:
            made = self.apis.put(organization, key, configuration)
            return _json(self._shown(made), 201 if api is None else 200)
        if api is None:
            raise ProblemError(404, "there is no such API")
        if call.method == "DELETE":
            self.apis.remove(api)
            return Answer(204, content_type=None)
        if verb == "publish":
            self.apis.publish(api)
        elif verb == "unpublish":
            self.apis.unpublish(api)
        return _json(self._shown(api))

    @staticmethod
    def _check_preconditions(call: Call, api: Api | None) -> None:
        match, none_match = call.headers.get("If-Match"), call.headers.get("If-None-Match")
        if call.method == "PUT" and none_match is not None:
            if none_match != "*":
                raise ProblemError(400, "If-None-Match can only be *")
            if api is not None:
                raise ProblemError(412, "the API exists already")
        if call.method in {"PUT", "POST"} and match is not None:
            if api is not None and match != f'"{api.revision}"':
                raise ProblemError(412, "the API was changed meanwhile")
            if api is None and call.method == "PUT":
                raise ProblemError(412, "the API does not exist any more")

    def _configuration(self, call: Call) -> dict[str, Any]:
        if call.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
            raise ProblemError(400, "the body must be application/json")
        try:
            given = decoded(call.body)
        except ValueError:
            raise ProblemError(400, "the body is no JSON") from None
        wrong = next(self._validator.iter_errors(given), None)
        if wrong is not None:
            where = "/".join(map(str, wrong.absolute_path)) or "the body"
            raise ProblemError(400, f"{where} is not as the contract's {wrong.validator} asks")
        configuration: dict[str, Any] = given
        return configuration

    def _shown(self, api: Api) -> dict[str, Any]:
        parts = {"draft": api.draft, "published": api.published}
        shown = {"key": api.key, "state": api.state, "revision": api.revision}
        return {**shown, **{name: value for name, value in parts.items() if value is not None}}

    @cached_property
    def _components(self) -> dict[str, Any]:
        components: dict[str, Any] = yaml.safe_load(contract())["components"]
        return components

    @property
    def _parameters(self) -> dict[str, Any]:
        parameters: dict[str, Any] = self._components["parameters"]
        return parameters

    @cached_property
    def _validator(self) -> Draft202012Validator:
        return Draft202012Validator(
            {"$ref": "#/components/schemas/Configuration", "components": {"schemas": self._components["schemas"]}}
        )


def _json(value: object, status: int = 200, **headers: str) -> Answer:
    return Answer(status, encode(value), "application/json", dict(headers))

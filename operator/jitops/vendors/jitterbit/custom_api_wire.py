"""Custom APIs between the spec, the adapter's JSON, and the address at which they are live."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from jitops.vendors.exchange import AnswerLost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.api.custom_api import CustomAPISpec
    from jitops.core.kube import JSON

Configuration = dict[str, "JSON"]
"""All that a Custom API consists of, in one form: what is empty is there, and lists without an order are sorted."""

STATES = {"draft": (True, False), "published": (False, True), "publishedWithDraft": (True, True)}
"""What each state has: a draft, and something live."""
REVISION = re.compile("[!#-~]+")
"""What stands between the quotes of an If-Match."""
AS_IT_IS = "_~()$;/:@=&'!*,+-"
"""The documented specials of a service root that can stand in a path; the others are percent-encoded."""
HASH = 16


@dataclass(frozen=True, slots=True)
class ApiRow:
    """A Custom API as the adapter has it."""

    key: str
    state: str
    revision: str
    draft: Configuration | None = field(repr=False)
    published: Configuration | None = field(repr=False)
    url: str | None

    @classmethod
    def parse(cls, body: JSON) -> ApiRow:
        """Read an API of the contract; AnswerLost where it is none."""
        given = body if isinstance(body, dict) else {}
        key, state, revision = (str(given.get(name) or "") for name in ("key", "state", "revision"))
        if not (key and state in STATES and REVISION.fullmatch(revision)):
            raise AnswerLost("the adapter's answer is no Custom API of the contract")
        has_draft, is_live = STATES[state]
        url = given.get("url")
        return cls(
            key=key,
            state=state,
            revision=revision,
            draft=canonical(given.get("draft")) if has_draft else None,
            published=canonical(given.get("published")) if is_live else None,
            url=url if isinstance(url, str) and url else None,
        )

    @property
    def configuration(self) -> Configuration:
        """Give what the next publish would make live, or is live already."""
        return self.draft or self.published or {}


def configuration_of(spec: CustomAPISpec, name: str) -> Configuration:
    """Give what a spec asks for; `name` is used where it gives the API none."""
    return canonical({"name": name, **spec.model_dump(by_alias=True, mode="json", exclude_none=True)})


def canonical(given: JSON) -> Configuration:
    """Bring a configuration, of a spec or of the adapter, into the one form; AnswerLost where it is none."""
    try:
        environment, security, logging = (given.get(name) or {} for name in ("environment", "security", "logging"))
        return {
            "name": _text(given, "name"),
            "description": _text(given, "description"),
            "environment": {name: _text(environment, name) for name in ("name", "urlPrefix")},
            "serviceRoot": _text(given, "serviceRoot"),
            "version": _text(given, "version"),
            "logging": {name: bool(logging.get(name)) for name in ("debug", "verbose")},
            "services": sorted(map(_service, given.get("services") or ()), key=_name),
            "roles": sorted(map(str, given.get("roles") or ())),
            "security": {
                "profiles": sorted(one["name"] if isinstance(one, dict) else str(one) for one in _profiles(security)),
                "anonymous": bool(security.get("anonymous")),
            },
        }
    except (AttributeError, TypeError, KeyError):
        raise AnswerLost("the adapter's answer is no configuration of the contract") from None


def fingerprint(configuration: Mapping[str, JSON], state: str) -> str:
    """Give the hash that a person acknowledges: of the configuration, and whether it is to be live."""
    text = json.dumps([configuration, state], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH]


def environment_url(base: str, spec: CustomAPISpec) -> str:
    """Give the address that all APIs of this environment and version begin with (section 4.4)."""
    parts = (spec.environment.url_prefix, *((spec.version,) if spec.version else ()))
    return "/".join((base.rstrip("/"), *(quote(part, safe=AS_IT_IS) for part in parts)))


def service_url(base: str, spec: CustomAPISpec) -> str:
    """Give the address at which the API is called (section 4.4)."""
    return f"{environment_url(base, spec)}/{quote(spec.service_root, safe=AS_IT_IS)}"


def _service(given: Mapping[str, JSON]) -> dict[str, JSON]:
    texts = ("name", "project", "operation", "method", "path", "responseType")
    parameters = [
        {name: _text(one, name) for name in ("name", "in", "description")} for one in given.get("parameters") or ()
    ]
    ordered = sorted(parameters, key=lambda one: (one["in"], one["name"]))
    return {**{name: _text(given, name) for name in texts}, "parameters": ordered}


def _profiles(security: Mapping[str, JSON]) -> list[JSON]:
    return list(security.get("profiles") or ())


def _name(service: Mapping[str, JSON]) -> str:
    return str(service["name"])


def _text(given: Mapping[str, JSON], name: str) -> str:
    value = given.get(name)
    return "" if value is None else str(value)

"""Custom APIs in the JSON of the adapter contract."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitops.remote.exchange import AnswerLost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops.core.kube import JSON

Configuration = dict[str, "JSON"]
"""The complete configuration of a Custom API in a canonical form: with empty fields, and unordered lists sorted."""

STATES = {"draft": (True, False), "published": (False, True), "publishedWithDraft": (True, True)}
"""For each state: whether there is a draft, and whether a configuration is live."""
REVISION = re.compile("[!#-~]+")
"""A revision that can be sent between the quotes of If-Match."""


@dataclass(frozen=True, slots=True)
class ApiRow:
    """A Custom API as returned by the adapter."""

    key: str
    state: str
    revision: str
    draft: Configuration | None = field(repr=False)
    published: Configuration | None = field(repr=False)
    url: str | None

    @classmethod
    def parse(cls, body: JSON) -> ApiRow:
        """Return the row of an API; AnswerLost if the answer does not follow the contract."""
        given = body if isinstance(body, dict) else {}
        key, state, revision = (str(given.get(name) or "") for name in ("key", "state", "revision"))
        if not (key and state in STATES and REVISION.fullmatch(revision)):
            raise AnswerLost("the adapter's answer is not a Custom API of the contract")
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
        """Return the draft, which the next publish makes live; without one the configuration that is live."""
        return self.draft or self.published or {}


def canonical(given: JSON) -> Configuration:
    """Return a configuration, of a spec or of the adapter, in canonical form; AnswerLost if it is not one."""
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
        raise AnswerLost("the adapter's answer is not a configuration of the contract") from None


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

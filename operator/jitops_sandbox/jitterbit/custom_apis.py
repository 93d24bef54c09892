"""The Custom APIs of the organizations, shared by the sandbox's adapter and gateway."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Configuration = dict[str, Any]


@dataclass(slots=True)
class Api:
    """One Custom API: its draft and its published configuration."""

    organization: str
    key: str
    revision: str
    draft: Configuration | None = field(default=None, repr=False)
    published: Configuration | None = field(default=None, repr=False)

    @property
    def state(self) -> str:
        """The state of API Manager (section 4.3), in the contract's words."""
        if self.published is None:
            return "draft"
        return "published" if self.draft is None else "publishedWithDraft"


class CustomApis:
    """All Custom APIs; each change creates a revision."""

    def __init__(self) -> None:
        self._apis: dict[tuple[str, str], Api] = {}
        self._revisions = itertools.count(1)
        self.version = "r0"
        """The revision of the last change of any API."""
        self.runs: list[str] = []
        """The operations that callers have run through the gateway, in their order."""

    def clear(self) -> None:
        """Remove all APIs."""
        self._apis.clear()
        self.runs.clear()
        self._next()

    def all(self, organization: str | None = None) -> list[Api]:
        """Return the APIs of an organization, or all."""
        return [api for api in self._apis.values() if organization in (None, api.organization)]

    def find(self, organization: str, key: str) -> Api | None:
        """Return an API; None if it does not exist."""
        return self._apis.get((organization, key))

    def put(self, organization: str, key: str, configuration: Mapping[str, Any]) -> Api:
        """Store a configuration as the draft, or remove the draft if it equals the published one; return the API."""
        api = self._apis.setdefault((organization, key), Api(organization, key, ""))
        draft = None if configuration == api.published else dict(configuration)
        if draft != api.draft or not api.revision:
            api.draft, api.revision = draft, self._next()
        return api

    def publish(self, api: Api) -> None:
        """Publish the draft."""
        if api.draft is not None:
            api.draft, api.published, api.revision = None, api.draft, self._next()

    def unpublish(self, api: Api) -> None:
        """Unpublish an API; the published configuration becomes the draft unless there is one."""
        if api.published is not None:
            api.draft, api.published, api.revision = api.draft or api.published, None, self._next()

    def change(self, key: str, **parts: object) -> None:
        """Change parts of the draft, or of the published configuration, behind the operator's back."""
        api = self.get(key)
        self.put(api.organization, key, {**(api.draft or api.published or {}), **parts})

    def get(self, key: str) -> Api:
        """Return an API by its key alone."""
        return next(api for api in self._apis.values() if api.key == key)

    def remove(self, api: Api) -> None:
        """Delete an API, published or not."""
        del self._apis[api.organization, api.key]
        self._next()

    def _next(self) -> str:
        self.version = f"r{next(self._revisions)}"
        return self.version

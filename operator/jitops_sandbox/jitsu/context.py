"""The input of a handler of the console: the request, the caller and the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from jitops_sandbox.jitsu.auth import verify_access

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitops_sandbox.answers import Call
    from jitops_sandbox.jitsu.auth import Caller, Permission
    from jitops_sandbox.jitsu.state import State
    from jitops_sandbox.seed import Role

Build = Literal["A", "B"]


@dataclass(frozen=True, slots=True)
class Context:
    """One request for a handler; `body` is `zod.UNDEFINED` if none was sent."""

    state: State
    build: Build
    call: Call
    caller: Caller
    path: Mapping[str, str]
    body: Any

    @property
    def workspace(self) -> str:
        """The workspace in the URL."""
        return self.path["workspace"]

    def verify_access(self, permission: Permission | None = None) -> Role:
        """Return the caller's role in the workspace of the URL, or raise."""
        return verify_access(self.state, self.caller, self.workspace, permission)

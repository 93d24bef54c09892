"""A stand-in of the API gateway: what a caller of a Custom API sees (docs/reference/jitterbit.md section 4.6).

It authenticates before it routes. It accepts one value of `Authorization` for every security profile, and answers with
the name of the operation that it would have run. The answer for an absent API is a switch.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from jitops_sandbox.answers import Answer, Call, answer

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops_sandbox.jitterbit.custom_apis import Configuration, CustomApis
    from jitops_sandbox.jitterbit.switches import Switches

REQUESTS_A_MINUTE = 200
ABSENT = {"not_found": 404, "forbidden": 403, "unauthorized": 401}
IN_BRACES = re.compile(r"\\\{[^{}]+\\\}")


class ApiGateway:
    """The gateway of all organizations."""

    name = "gateway"

    def __init__(self, apis: CustomApis, clock: Clock, switches: Switches, credentials: str) -> None:
        self.switches = switches
        self._apis = apis
        self._clock = clock
        self._credentials = credentials
        self._recent: deque[float] = deque()

    def respond(self, call: Call) -> Answer:
        """Answer one request."""
        if self._is_over_the_limit():
            return _refusal(429)
        found = self._find(unquote(call.path))
        if found is None:
            return _refusal(ABSENT[self.switches.absent_api])
        api, rest = found
        if api["security"]["profiles"] and call.headers.get("Authorization") != self._credentials:
            return _refusal(401 if self.switches.refused_call == "unauthorized" else 403)
        for service in api["services"]:
            if service["method"] == call.method and _fits(service["path"], rest):
                self._apis.runs.append(service["operation"])
                return answer({"operation": service["operation"], "note": "a stand-in answered"})
        return _refusal(404)

    def _find(self, path: str) -> tuple[Configuration, str] | None:
        """Return the published API at a path, and the rest of the path after its URL; None if there is none."""
        for api in self._apis.all():
            if api.published is not None:
                root = _root(api.published)
                if path == root or path.startswith(f"{root}/"):
                    return api.published, path[len(root) :]
        return None

    def _is_over_the_limit(self) -> bool:
        now = self._clock.monotonic()
        while self._recent and self._recent[0] <= now - 60:
            self._recent.popleft()
        self._recent.append(now)
        return len(self._recent) > REQUESTS_A_MINUTE


def _root(api: dict[str, Any]) -> str:
    parts = (api["environment"]["urlPrefix"], *filter(None, (api["version"],)), api["serviceRoot"])
    return "/" + "/".join(parts)


def _fits(template: str, path: str) -> bool:
    return re.fullmatch(IN_BRACES.sub("[^/]+", re.escape(template)), path) is not None


def _refusal(status: int) -> Answer:
    return answer({"error": f"HTTP {status}", "note": "a stand-in of the gateway"}, status)

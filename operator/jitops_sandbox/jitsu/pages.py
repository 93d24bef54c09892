"""The constant pages of the console that need no caller: its health, its setup, and the description of its API.

`published/openapi.json` is the console's own answer (docs/reference/jitsu.md section 1); the setup is that of the
recorded console.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jitops_sandbox.answers import Answer, answer, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NODE = {"version": "v22.23.3", "platform": "linux", "arch": "x64", "env": "production"}
SETUP = {
    "docsUrl": "https://docs.jitsu.com/",
    "disableSignup": True,
    "limitPersonalEmails": False,
    "ee": {"available": False},
    "billingEnabled": False,
    "publicEndpoints": {"protocol": "http", "host": "127.0.0.1", "cname": "cname.jitsu.com", "port": 33300},
    "auth": {"nextauth": {"github": False, "credentials": True, "oidc": False}, "dynamicOidc": False},
    "frontendTelemetry": {"enabled": False},
    "logLevel": "info",
    "syncs": {"enabled": False, "scheduler": {"enabled": False}},
    "mitCompliant": False,
}


@cache
def _description() -> bytes:
    described = files("jitops_sandbox.jitsu") / "published" / "openapi.json"
    return answer(json.loads(described.read_text("utf-8"))).body


PAGES: Mapping[str, Callable[[], Answer]] = {
    "/api/ping": lambda: answer({"health": "ok", "telemetryEnabled": False}),
    "/api/version": lambda: answer({"version": "dev", "stream": "dev", "node": NODE}),
    "/api/app-config": lambda: answer(SETUP),
    "/api/id": lambda: text("OK", 200),
    "/api/spec": lambda: Answer(body=_description(), headers={"Cache-Control": "public, max-age=300"}),
}
"""By path."""

"""The calls that Harmony, the adapter and the gateway document."""

from __future__ import annotations

import re

HARMONY = "/jitterbit-cloud-restful-service"
DOCUMENTED = re.compile(
    rf"jitterbit PUT {HARMONY}/user/login"
    rf"|jitterbit (GET|POST) {HARMONY}/orgs/[^/]+/connector"
    rf"|jitterbit DELETE {HARMONY}/orgs/[^/]+/connector/[^/]+(/sdk/delete)?"
    rf"|jitterbit PUT {HARMONY}/orgs/[^/]+/connector/validate/securityinfo"
    r"|adapter GET /v1/organizations/[^/]+/apis"
    r"|adapter (GET|PUT|DELETE) /v1/organizations/[^/]+/apis/[^/]+"
    r"|adapter POST /v1/organizations/[^/]+/apis/[^/]+/(publish|unpublish)"
    r"|gateway GET .*"
)
"""The documented calls: a log-in and five calls (docs/reference/jitterbit.md section 2.2), adapter, gateway."""

"""Field types and rules that several Jitterbit kinds share."""

import re
from typing import Literal

from jitops.api.schema.model import Rule

HARMONY = re.compile(r"https?://([^/]*\.)?jitterbit\.com([:/].*)?")

NOT_HARMONY = Rule(
    cel="!self.lowerAscii().matches(r'^https?://([^/]*[.])?jitterbit[.]com([:/].*)?$')",
    message="is a host of Harmony itself, which has no such API: write that of a service of yours, or of a gateway",
    check=lambda url: HARMONY.fullmatch(url.lower()) is None,
)
"""Nothing but the documented calls is ever sent to Harmony (docs/reference/jitterbit.md section 4.9)."""

Region = Literal["NA", "EMEA", "APAC"]

REGION_HOSTS: dict[Region, str] = {
    "NA": "https://na-east.jitterbit.com",
    "EMEA": "https://emea-west.jitterbit.com",
    "APAC": "https://apac-southeast.jitterbit.com",
}
"""Where each region's REST services are."""

GATEWAY_DOMAINS: dict[Region, str] = {"NA": "jitterbit.net", "EMEA": "jitterbit.eu", "APAC": "jitterbit.cc"}
"""Where each region's gateways are."""

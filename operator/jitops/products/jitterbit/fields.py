"""Field types and rules that several Jitterbit kinds share."""

import re
from typing import Literal

from jitops.api.schema.model import Rule

HARMONY = re.compile(r"https?://([^/]*\.)?jitterbit\.com([:/].*)?")

NOT_HARMONY = Rule(
    cel="!self.lowerAscii().matches(r'^https?://([^/]*[.])?jitterbit[.]com([:/].*)?$')",
    message="must not be a host of Harmony itself, which has no such API: set the URL of your own service or gateway",
    check=lambda url: HARMONY.fullmatch(url.lower()) is None,
)
"""Only documented calls are ever sent to Harmony (docs/reference/jitterbit.md section 4.9)."""

Region = Literal["NA", "EMEA", "APAC"]

REGION_HOSTS: dict[Region, str] = {
    "NA": "https://na-east.jitterbit.com",
    "EMEA": "https://emea-west.jitterbit.com",
    "APAC": "https://apac-southeast.jitterbit.com",
}
"""The URL of the REST services of each region."""

GATEWAY_DOMAINS: dict[Region, str] = {"NA": "jitterbit.net", "EMEA": "jitterbit.eu", "APAC": "jitterbit.cc"}
"""The domain of the gateways of each region."""

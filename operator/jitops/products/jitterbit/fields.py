"""Field types and rules that several Jitterbit kinds share."""

import re

from jitops.api.schema.model import Rule

HARMONY = re.compile(r"https?://([^/]*\.)?jitterbit\.com([:/].*)?")

NOT_HARMONY = Rule(
    cel="!self.lowerAscii().matches(r'^https?://([^/]*[.])?jitterbit[.]com([:/].*)?$')",
    message="is a host of Harmony itself, which has no such API: write that of a service of yours, or of a gateway",
    check=lambda url: HARMONY.fullmatch(url.lower()) is None,
)
"""Nothing but the documented calls is ever sent to Harmony (reference/jitterbit.md section 4.9)."""

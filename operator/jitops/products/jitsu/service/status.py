"""The status of a JitsuService."""

from jitops.products.jitsu.masked.status import MaskedStatus


class JitsuServiceStatus(MaskedStatus):
    """The observed state of a JitsuService."""

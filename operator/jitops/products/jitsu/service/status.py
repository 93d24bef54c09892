"""The status of a JitsuService."""

from jitops.products.jitsu.masked.status import MaskedStatus


class JitsuServiceStatus(MaskedStatus):
    """What is told of a service."""

"""The status of a JitsuDestination."""

from jitops.products.jitsu.masked.status import MaskedStatus


class JitsuDestinationStatus(MaskedStatus):
    """What is told of a destination."""

"""The status of a JitsuDestination."""

from jitops.products.jitsu.masked.status import MaskedStatus


class JitsuDestinationStatus(MaskedStatus):
    """The observed state of a JitsuDestination."""

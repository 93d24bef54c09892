"""The work queue, its workers and the resync."""

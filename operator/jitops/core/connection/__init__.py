"""Open, verify, protect and release connections."""

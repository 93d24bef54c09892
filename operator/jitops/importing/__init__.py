"""Writes manifests for what exists at a remote already, to be taken over with `adopt: Match`: nothing is changed."""

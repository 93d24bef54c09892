"""Kubernetes' part played by a folder: the same reconciler with no cluster."""

"""The port on a real Kubernetes API server."""

"""jitops: a Kubernetes operator for Jitterbit Harmony and Jitsu."""

__version__ = "0.1.0"

"""jitops: a Kubernetes operator for Jitterbit Harmony and Jitsu."""

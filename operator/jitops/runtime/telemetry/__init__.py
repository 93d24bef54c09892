"""What the process reports of itself: logs, metrics, traces and probes."""

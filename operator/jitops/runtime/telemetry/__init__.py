"""Logs, metrics, traces and probes."""

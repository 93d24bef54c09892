"""Jitsu's Console Management API (docs/reference/jitsu.md)."""

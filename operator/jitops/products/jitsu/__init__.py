"""Jitsu's Console Management API (reference/jitsu.md)."""

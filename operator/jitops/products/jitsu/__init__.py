"""Jitsu: its kinds, and the client of the Console Management API (docs/reference/jitsu.md)."""

"""Jitterbit Harmony: its kinds, and the client of its REST service (docs/reference/jitterbit.md)."""

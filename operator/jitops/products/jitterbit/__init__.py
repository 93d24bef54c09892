"""Jitterbit's Cloud RESTful Service (docs/reference/jitterbit.md)."""

"""Jitterbit's Cloud RESTful Service (reference/jitterbit.md)."""

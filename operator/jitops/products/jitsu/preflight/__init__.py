"""The preflight: tests that the console runs before a write."""

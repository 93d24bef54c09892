"""The console's own trials, run before a write."""

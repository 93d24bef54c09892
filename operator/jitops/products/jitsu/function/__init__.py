"""JitsuFunction: a function and its code."""

"""JitsuService: a source that syncs start at."""

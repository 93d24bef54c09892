"""JitsuStream: a stream (site) and its write keys."""

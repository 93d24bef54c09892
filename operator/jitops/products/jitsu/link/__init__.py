"""JitsuLink: a connection or sync between two objects."""

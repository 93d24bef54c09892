"""JitsuDestination: a destination with its credentials."""

"""JitsuWorkspace: the connection to one workspace."""

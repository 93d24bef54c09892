"""The contract with users: what may stand in a resource, and what we tell in its status. Models only."""

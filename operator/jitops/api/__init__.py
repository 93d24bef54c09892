"""The contract with users: the models of every spec and status that all kinds share."""

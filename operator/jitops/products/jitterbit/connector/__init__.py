"""Connector: a registration of the Connector SDK."""

"""CustomAPI: a Custom API of API Manager."""

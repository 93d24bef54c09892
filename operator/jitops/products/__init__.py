"""The products: one package each, which share the HTTP client and do not import each other."""

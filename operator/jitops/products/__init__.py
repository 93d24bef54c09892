"""The two products: one package each, on one HTTP wrapper; they don't know each other."""

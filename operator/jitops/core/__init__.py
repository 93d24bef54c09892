"""The reconciler and what it decides: knows no vendor, no kopf, no kubernetes, no httpx."""

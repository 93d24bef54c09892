"""Indexes over all resources: references, claims, usage and ownership."""

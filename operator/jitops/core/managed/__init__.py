"""Reconcile managed resources: resolve, observe, plan, act, publish."""

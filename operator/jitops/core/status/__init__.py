"""Turn outcomes into conditions and requeues, and write status."""

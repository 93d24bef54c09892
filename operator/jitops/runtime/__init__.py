"""jitops in a cluster: kopf watches, `kubernetes` authenticates, the Lease elects."""

"""`jitops apply`: the same reconciler without a cluster, on a folder in the role of Kubernetes.

`reading` and `manifests` read and check what the user wrote, `folder` and `store` keep it as the API server would,
`running` runs the controller on the store, `apply` waits until all is done, `progress` shows it.
"""

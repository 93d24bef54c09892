"""The port `core.kube.Kube` on a real Kubernetes API server.

`auth` loads the credentials, `session` sends requests with them, `port` implements the port's verbs, `codec` and
`errors` translate values and failures, `cache` keeps the resources last seen, `events` sends events in the background,
and `discovery` waits for the CRDs.
"""

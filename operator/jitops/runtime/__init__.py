"""jitops as a process in a cluster.

What starts what, with `jitops run`:

1. `app.run` configures the logs and the event loop, and asks `startup` for the cluster and its identity;
2. `process.OperatorProcess` assembles the parts: the port (`cluster`), the remotes, the controller, the
   `leader_election`, the probes (`telemetry`);
3. its `start` serves the probes and starts two tasks: one to become the leader, one to wait for the CRDs;
4. `app` starts kopf's tasks; the handlers of `watch` feed the port's cache, on a standby too;
5. whoever wins the Lease lists everything (`Cluster.prime`), and only then runs the controller.

The end runs backwards: drain the controller, send the last events, release the Lease, close the sockets, stop kopf.
`kopf run -m jitops.handlers` starts the same process from kopf's startup handler. `uninstall` is `jitops release`.
"""

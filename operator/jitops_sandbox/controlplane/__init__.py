"""
A real Kubernetes control plane for the tests and for `jitops demo --cluster`, started as one process.

`server/` holds the Go program: etcd, kube-apiserver and three controllers. `build.py` says how it is built, and
`goprogram.py` builds it once into a cache; `process.py` runs it, `kubectl.py` and `helm.py` speak to it the way a user
does. No nodes: a Deployment is stored, and nothing runs it. Nothing of the operator itself needs any of this.
"""

from jitops_sandbox.controlplane.build import ControlPlaneUnavailable, control_plane_binary
from jitops_sandbox.controlplane.helm import Helm, HelmFailed, helm_path
from jitops_sandbox.controlplane.kubectl import Kubectl, KubectlFailed, kubectl_path, write_token_kubeconfig
from jitops_sandbox.controlplane.process import ControlPlane, running_control_plane

__all__ = [
    "ControlPlane",
    "ControlPlaneUnavailable",
    "Helm",
    "HelmFailed",
    "Kubectl",
    "KubectlFailed",
    "control_plane_binary",
    "helm_path",
    "kubectl_path",
    "running_control_plane",
    "write_token_kubeconfig",
]

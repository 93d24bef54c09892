"""
A real Kubernetes control plane for the tests and for `jitops demo --cluster`, started as one process.

`server/` holds the Go program: etcd, kube-apiserver and three controllers. `build.py` describes the build, and
`goprogram.py` builds it once into a cache. `process.py` runs it; `kubectl.py` and `helm.py` call it as a user does. It
has no nodes: a Deployment is stored, and nothing runs it. The operator itself needs nothing of this.
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

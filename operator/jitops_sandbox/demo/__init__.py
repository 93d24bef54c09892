"""`jitops demo`: both products managed before the reader's eyes, each thing that is shown also checked.

`story.py` tells it, the same with and without a cluster; `local.py` and `cluster.py` are the stages it is told on,
`remote.py` is the view from the products' side.
"""

from jitops_sandbox.demo.cluster import run_on_cluster
from jitops_sandbox.demo.local import run_locally
from jitops_sandbox.demo.story import DemoFailed

__all__ = ["DemoFailed", "run_locally", "run_on_cluster"]

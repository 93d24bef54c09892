"""`jitops demo`: both products managed step by step, and each step checked.

`story.py` has the steps, the same with and without a cluster; `local.py` and `cluster.py` are the two stages for them,
`remote.py` is the view of the products.
"""

from jitops_sandbox.demo.cluster import run_on_cluster
from jitops_sandbox.demo.local import run_locally
from jitops_sandbox.demo.story import DemoFailed

__all__ = ["DemoFailed", "run_locally", "run_on_cluster"]

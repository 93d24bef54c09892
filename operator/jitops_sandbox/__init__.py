"""Stand-ins of both products: real HTTP servers on loopback, with state, for tests, the demo and trials.

```
async with Sandbox.start(build="A", switches=Switches(), minute_seconds=60.0) as sandbox:
    sandbox.jitsu_url, sandbox.jitterbit_url, sandbox.credentials
    sandbox.jitsu.objects("stream"), sandbox.jitsu.change(id, name="drifted"), sandbox.jitsu.remove(id)
    sandbox.jitterbit.connectors(), sandbox.jitterbit.register(organization, name, version)
    sandbox.faults.add(Fault(kind="lost", product="jitsu", method="POST", path="*/config/stream", times=1))
    sandbox.requests.count(product="jitsu", method="POST")
```

`jitsu/` is modelled on the open-source console, builds A and B, as docs/reference/jitsu.md describes them. Not
implemented: the creation of profile builders, the exports, all of `/api/schema` except destinations, lost updates
between two concurrent PUTs, sessions of the UI. `jitterbit/` is modelled on Jitterbit's documentation, and every
unknown of docs/reference/jitterbit.md is a switch (`jitterbit/switches.py`). `jitterbit/adapter.py` stands in for a
user's service that writes Custom APIs to API Manager. It implements jitops' own contract and is no API of Jitterbit's.
`jitterbit/gateway.py` serves the Custom APIs that it published. Faults are in `faults.py`, the admin prefix `/_sandbox`
in `admin.py`.
"""

from jitops_sandbox.faults import Fault
from jitops_sandbox.jitterbit.switches import Switches
from jitops_sandbox.seed import Seed, SeedError
from jitops_sandbox.server import Credentials, Sandbox

__all__ = ["Credentials", "Fault", "Sandbox", "Seed", "SeedError", "Switches"]

"""The sandbox: both products on loopback, for tests, the demo and trials."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from jitops.core.clock import Clock, SystemClock
from jitops_sandbox import faults as faults_file
from jitops_sandbox import seed as seed_file
from jitops_sandbox.admin import Admin
from jitops_sandbox.faults import Fault, Faults
from jitops_sandbox.front import Front, Product
from jitops_sandbox.jitsu.console import Console
from jitops_sandbox.jitterbit.adapter import ApiAdapter
from jitops_sandbox.jitterbit.gateway import ApiGateway
from jitops_sandbox.jitterbit.harmony import Harmony
from jitops_sandbox.jitterbit.switches import Switches
from jitops_sandbox.record import RequestLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from jitops_sandbox.jitsu.context import Build
    from jitops_sandbox.seed import Seed

JITSU_PORT = 7710
JITTERBIT_PORT = 7720
ADAPTER_PORT = 7730
GATEWAY_PORT = 7740


@dataclass(frozen=True, slots=True)
class Credentials:
    """All credentials of the seed that a client needs; none is real."""

    workspace: str
    """The slug of the first workspace."""
    workspace_id: str
    api_key: str = field(repr=False)
    """The first key, as `id:secret`."""
    service_token: str = field(repr=False)
    """The first service token, as `service:token`; it has no budget."""
    organization: str
    email: str
    password: str = field(repr=False)
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    """All keys by their names, as `id:secret`."""
    adapter_token: str = field(default="", repr=False)
    """The token that the adapter for Custom APIs requires."""
    gateway_credentials: str = field(default="", repr=False)
    """The value of `Authorization` that the gateway accepts."""

    @classmethod
    def of(cls, seed: Seed) -> Credentials:
        """Return the credentials of a seed; an empty string for each that it lacks."""
        jitsu, jitterbit = seed.jitsu, seed.jitterbit
        keys = {key.name: f"{key.id}:{key.secret}" for key in jitsu.keys}
        account = next(iter(jitterbit.users), None)
        usable = (f"{key.id}:{key.secret}" for key in jitsu.keys if key.expires is None)
        return cls(
            workspace=jitsu.workspaces[0].slug if jitsu.workspaces else "",
            workspace_id=jitsu.workspaces[0].id if jitsu.workspaces else "",
            api_key=next(usable, ""),
            service_token=f"service:{jitsu.service_tokens[0]}" if jitsu.service_tokens else "",
            organization=jitterbit.organizations[0].id if jitterbit.organizations else "",
            email=account.email if account else "",
            password=account.password if account else "",
            adapter_token=jitterbit.adapter_token,
            gateway_credentials=jitterbit.gateway_credentials,
            keys=keys,
        )


class Sandbox:
    """Both products, running, with stand-ins of an adapter for Custom APIs and of the gateway that serves them."""

    def __init__(self, seed: Seed, jitsu: Console, jitterbit: Harmony, gateway: ApiGateway, faults: Faults) -> None:
        self.seed = seed
        self.jitsu = jitsu
        self.jitterbit = jitterbit
        self.adapter = ApiAdapter(jitterbit.apis, jitterbit.organizations(), seed.jitterbit.adapter_token)
        self.gateway = gateway
        self.faults = faults
        self.requests = RequestLog()
        self.credentials = Credentials.of(seed)
        self.jitsu_url = ""
        self.jitterbit_url = ""
        self.adapter_url = ""
        self.gateway_url = ""

    @classmethod
    @asynccontextmanager
    async def start(  # noqa: PLR0913 - every argument has a default, and tests name the few they need
        cls,
        *,
        seed: Seed | Path | None = None,
        build: Build = "A",
        jitsu_port: int = 0,
        jitterbit_port: int = 0,
        adapter_port: int = 0,
        gateway_port: int = 0,
        minute_seconds: float = 60.0,
        switches: Switches | None = None,
        faults: Iterable[Fault] = (),
        clock: Clock | None = None,
    ) -> AsyncIterator[Sandbox]:
        """Run both products until the context ends. Port 0 is any free port; without a seed the default one is used."""
        content = seed_file.load(seed) if isinstance(seed, Path) else seed or seed_file.shipped("default")
        clock, positions = clock or SystemClock(), switches or Switches()
        harmony = Harmony(content.jitterbit, clock, positions)
        sandbox = cls(
            content,
            Console(content.jitsu, clock, build, minute_seconds),
            harmony,
            ApiGateway(harmony.apis, clock, positions, content.jitterbit.gateway_credentials),
            Faults(faults),
        )
        fronts: list[Front] = []
        try:
            sandbox.jitsu_url = await sandbox._listen(fronts, sandbox.jitsu, clock, jitsu_port)
            sandbox.jitterbit_url = await sandbox._listen(fronts, sandbox.jitterbit, clock, jitterbit_port)
            sandbox.jitterbit.base_url = sandbox.jitterbit_url
            sandbox.adapter_url = await sandbox._listen(fronts, sandbox.adapter, clock, adapter_port)
            sandbox.gateway_url = await sandbox._listen(fronts, sandbox.gateway, clock, gateway_port)
            yield sandbox
        finally:
            for front in fronts:
                await front.stop()

    async def _listen(self, fronts: list[Front], product: Product, clock: Clock, port: int) -> str:
        admin = Admin(self.faults, self.requests, self.jitsu, self.jitterbit)
        front = Front(product, clock, self.faults, self.requests, admin)
        fronts.append(front)
        return await front.start(port)

    def announcement(self) -> dict[str, object]:
        """Return the addresses and credentials that `jitops sandbox` prints."""
        credentials = asdict(self.credentials)
        return {
            "jitsu": self.jitsu_url,
            "jitterbit": self.jitterbit_url,
            "adapter": self.adapter_url,
            "gateway": self.gateway_url,
            "credentials": credentials,
        }


def serve(  # noqa: PLR0913 - one parameter for each option of the command
    *,
    jitsu_port: int = JITSU_PORT,
    jitterbit_port: int = JITTERBIT_PORT,
    adapter_port: int = ADAPTER_PORT,
    gateway_port: int = GATEWAY_PORT,
    build: Build = "A",
    minute_seconds: float = 60.0,
    seed: Path | None = None,
    faults: Path | None = None,
    switches: Switches | None = None,
    out: TextIO | None = None,
) -> None:
    """Run the sandbox until SIGINT or SIGTERM; print one JSON line when it is ready."""
    initial = faults_file.load(faults) if faults else []

    async def run() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        async with Sandbox.start(
            seed=seed,
            build=build,
            jitsu_port=jitsu_port,
            jitterbit_port=jitterbit_port,
            adapter_port=adapter_port,
            gateway_port=gateway_port,
            minute_seconds=minute_seconds,
            switches=switches,
            faults=initial,
        ) as sandbox:
            print(json.dumps(sandbox.announcement()), file=out or sys.stdout, flush=True)
            await stopped.wait()

    asyncio.run(run())

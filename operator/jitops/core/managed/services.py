"""What the reconcilers work with, assembled once by whoever starts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitops.core.connection.pool import Connections
from jitops.core.connection.reconciler import ConnectionReconciler
from jitops.core.index.ownership import Claims
from jitops.core.index.references import References
from jitops.core.managed.inputs import Inputs
from jitops.core.managed.memory import ConvergedCache
from jitops.core.managed.plan import OperatorPolicy
from jitops.core.outputs.backends import ConfigMapBackend, SecretBackend
from jitops.core.outputs.outputs import HashKey, Outputs
from jitops.core.status.writer import StatusWriter

if TYPE_CHECKING:
    from jitops.core.clock import Clock
    from jitops.core.contract.kinds import KindRegistry
    from jitops.core.kube import ConfigMap, Kube, Secret


@dataclass(frozen=True, slots=True)
class Services:
    """One of each, shared by all reconciles of the process."""

    kinds: KindRegistry
    kube: Kube
    clock: Clock
    references: References
    claims: Claims
    connections: Connections
    inputs: Inputs
    outputs: Outputs[Secret]
    documents: Outputs[ConfigMap]
    converged: ConvergedCache
    status_writer: StatusWriter
    connection_reconciler: ConnectionReconciler
    identity: str
    """The cluster identity."""
    operator: OperatorPolicy = field(default_factory=OperatorPolicy)
    """What the operator's settings say about all resources; `dataclasses.replace` sets another one."""

    @classmethod
    def assemble(cls, kinds: KindRegistry, kube: Kube, clock: Clock, *, identity: str, namespace: str) -> Services:
        """Assemble the services; `namespace` is the operator's own, which holds the hash key."""
        hash_key = HashKey(kube, namespace)
        references = References(kinds)
        connections = Connections(kinds, kube, hash_key, clock)
        status_writer = StatusWriter(kube, clock)
        return cls(
            kinds=kinds,
            kube=kube,
            clock=clock,
            references=references,
            claims=Claims(kinds),
            connections=connections,
            inputs=Inputs(kinds, kube, hash_key),
            outputs=Outputs(SecretBackend(kube), hash_key),
            documents=Outputs(ConfigMapBackend(kube), hash_key),
            converged=ConvergedCache(connections),
            status_writer=status_writer,
            connection_reconciler=ConnectionReconciler(kube, references, connections, status_writer),
            identity=identity,
        )

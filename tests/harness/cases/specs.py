"""One table of specs for all who validate specs: the models, the local store, and a real API server."""

from __future__ import annotations

from tests.harness.cases.case import Case
from tests.harness.cases.connections import ORGANIZATIONS, WORKSPACES
from tests.harness.cases.connectors import CONNECTORS
from tests.harness.cases.custom_apis import CUSTOM_APIS
from tests.harness.cases.destinations import DESTINATIONS
from tests.harness.cases.functions import FUNCTIONS
from tests.harness.cases.links import LINKS
from tests.harness.cases.services import SERVICES
from tests.harness.cases.streams import STREAMS

__all__ = ["CASES", "Case"]

CASES = (*WORKSPACES, *STREAMS, *DESTINATIONS, *FUNCTIONS, *SERVICES, *LINKS, *ORGANIZATIONS, *CONNECTORS, *CUSTOM_APIS)
"""All cases; names are unique within a kind."""

"""One table of specs for whoever judges specs: the models, the local store, and a real API server."""

from __future__ import annotations

from tests.cases.case import Case
from tests.cases.connections import ORGANIZATIONS, WORKSPACES
from tests.cases.connectors import CONNECTORS
from tests.cases.custom_apis import CUSTOM_APIS
from tests.cases.destinations import DESTINATIONS
from tests.cases.functions import FUNCTIONS
from tests.cases.links import LINKS
from tests.cases.services import SERVICES
from tests.cases.streams import STREAMS

__all__ = ["CASES", "Case"]

CASES = (*WORKSPACES, *STREAMS, *DESTINATIONS, *FUNCTIONS, *SERVICES, *LINKS, *ORGANIZATIONS, *CONNECTORS, *CUSTOM_APIS)
"""All cases; names are unique within a kind."""

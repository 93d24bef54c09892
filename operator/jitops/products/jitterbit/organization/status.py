"""The status of a JitterbitOrganization."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from jitops.api.schema.model import ListMap, Model
from jitops.api.status import ConnectionStatus


class Login(Model):
    """Logins that were tried and not accepted yet, for one account."""

    account: str
    """A keyed hash of host, e-mail address and credentials."""
    attempts: int
    """The number of logins. After two the operator stops, since Harmony locks an account after five."""
    since: datetime
    """When the first login was tried."""
    granted: str | None = None
    """The last value of jitops.dev/reconcile-requested-at that allowed one more login."""


class JitterbitOrganizationStatus(ConnectionStatus):
    """The observed state of a JitterbitOrganization."""

    organization_name: str | None = None
    """The name of the organization."""
    host: str | None = None
    """The URL of the region's REST services."""
    logins: Annotated[list[Login], ListMap("account"), Field(max_length=64)] | None = None
    """Logins that were tried and not accepted yet."""

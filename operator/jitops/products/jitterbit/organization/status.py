"""The status of a JitterbitOrganization."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from jitops.api.schema.model import ListMap, Model
from jitops.api.status import ConnectionStatus


class Login(Model):
    """Log-ins that were tried and not yet accepted."""

    account: str
    """A keyed hash of host, e-mail and credentials."""
    attempts: int
    """How many; at two the operator stops, since Harmony locks an account at five."""
    since: datetime
    """When the first of them was tried."""
    granted: str | None = None
    """The last token of jitops.dev/reconcile-requested-at for which one more was tried."""


class JitterbitOrganizationStatus(ConnectionStatus):
    """What is told of an organization."""

    organization_name: str | None = None
    """The organization's name."""
    host: str | None = None
    """The address of its region's REST services."""
    logins: Annotated[list[Login], ListMap("account"), Field(max_length=64)] | None = None
    """Log-ins that were tried and not yet accepted."""

"""What the manifest of a connector's JAR says besides what its registration decides.

Each value becomes a header, so that none may hold a line break or another control character (the headers:
docs/reference/jitterbit.md section 3).
"""

from typing import Annotated

from pydantic import Field

from jitops.api.schema.model import Model, Rule, matching

MOST_ACTIVITIES = 99
"""A registration hands out 99 ids for activities."""

# A header of a JAR manifest has at most 70 characters, of which `Jitterbit-Activity-EntityTypeId-` takes 32.
Activity = Annotated[
    str,
    Field(min_length=1, max_length=38),
    matching("[A-Za-z0-9_-]+", "must be a part of a manifest header: letters, digits, '-' and '_', 38 at most"),
]

ONE_LINE = matching(
    r"[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?",
    "must be one line without control characters, with no space at its beginning or end",
)
"""What may follow the colon of a header."""

ClassPathEntry = Annotated[
    str,
    Field(min_length=1, max_length=255),
    matching(
        r"[^\x00-\x20\x7f]+",
        "must be a path or URL relative to the JAR, such as lib/sdk.jar, a space written as %20",
    ),
]


class ConnectorManifest(Model):
    """What the JAR's manifest says besides the registration's own values."""

    activities: Annotated[
        list[Activity],
        Field(max_length=MOST_ACTIVITIES),
        Rule(
            cel="self.all(a, self.exists_one(b, b.lowerAscii() == a.lowerAscii()))",
            message="must name each activity once; upper and lower case are the same in a manifest",
            check=lambda names: len({name.lower() for name in names}) == len(names),
        ),
    ]
    """The connector's activities, as they are named in the manifest. Each gets an id of the registration, in
    this order: add new ones at the end, so that the others keep theirs."""
    author: Annotated[str, Field(min_length=1, max_length=255), ONE_LINE] | None = None
    """Who made the connector: the header Author."""
    version: Annotated[str, Field(min_length=1, max_length=64), ONE_LINE] | None = None
    """The version of the JAR, in quotes: the header Version. A private agent loads a connector again when it
    changes. It needs not equal the registration's version."""
    factory_class: (
        Annotated[
            str,
            Field(min_length=1, max_length=255),
            matching(
                r"[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*)*",
                "must be the full name of a Java class, such as com.example.crm.CrmConnector",
            ),
        ]
        | None
    ) = None
    """The class that makes the connector: the header Jitterbit-Connector-Factory-Class. Not needed where the
    connector's class bears the annotation @Connector."""
    class_path: Annotated[list[ClassPathEntry], Field(max_length=64)] | None = None
    """The libraries that the connector needs, relative to the JAR: the header Class-Path, in this order."""
    ui: (
        Annotated[
            str,
            Field(min_length=1, max_length=255),
            matching("[A-Za-z0-9_][A-Za-z0-9._/-]*", "must be the path of a file in the JAR, such as adapter.json"),
        ]
        | None
    ) = None
    """The file in the JAR that describes the connector's user interface: the header Jitterbit-Connector-UI.
    Default: adapter.json."""

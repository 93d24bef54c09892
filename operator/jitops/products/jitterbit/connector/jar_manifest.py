"""The part of a Connector's spec about the manifest of its JAR.

Each value becomes a header of the manifest, so that none may contain a line break or another control character
(docs/reference/jitterbit.md section 3 lists the headers).
"""

from typing import Annotated

from pydantic import Field

from jitops.api.schema.model import Model, Rule, matching

MOST_ACTIVITIES = 99
"""A registration assigns 99 ids for activities."""

# A header of a JAR manifest has at most 70 characters, of which `Jitterbit-Activity-EntityTypeId-` takes 32.
Activity = Annotated[
    str,
    Field(min_length=1, max_length=38),
    matching("[A-Za-z0-9_-]+", "must be a part of a manifest header: at most 38 letters, digits, '-' and '_'"),
]

ONE_LINE = matching(
    r"[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?",
    "must be one line without control characters, and without a space at the beginning or end",
)
"""The value of a header."""

ClassPathEntry = Annotated[
    str,
    Field(min_length=1, max_length=255),
    matching(
        r"[^\x00-\x20\x7f]+",
        "must be a path or URL relative to the JAR, such as lib/sdk.jar, with spaces written as %20",
    ),
]


class ConnectorManifest(Model):
    """Values for the manifest of the JAR, in addition to those of the registration."""

    activities: Annotated[
        list[Activity],
        Field(max_length=MOST_ACTIVITIES),
        Rule(
            cel="self.all(a, self.exists_one(b, b.lowerAscii() == a.lowerAscii()))",
            message="must list each activity once; upper and lower case are the same in a manifest",
            check=lambda names: len({name.lower() for name in names}) == len(names),
        ),
    ]
    """The activities of the connector, by their names in the manifest. Each gets one of the registration's ids, in this
    order. Add new activities at the end, so that the others keep their ids."""
    author: Annotated[str, Field(min_length=1, max_length=255), ONE_LINE] | None = None
    """The author of the connector: the header Author."""
    version: Annotated[str, Field(min_length=1, max_length=64), ONE_LINE] | None = None
    """The version of the JAR, in quotes: the header Version. When it changes, a private agent loads the connector
    again. It does not need to equal the version of the registration."""
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
    """The class that creates the connector: the header Jitterbit-Connector-Factory-Class. Not needed if the class of
    the connector has the annotation @Connector."""
    class_path: Annotated[list[ClassPathEntry], Field(max_length=64)] | None = None
    """The libraries that the connector needs, relative to the JAR, in this order: the header Class-Path."""
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

"""What a document is: told by the contract's schemas, from the members that it has."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import openapi
from sitewatt.contract import Contract
from sitewatt.contract.faults import did_you_mean
from sitewatt.contract.schema import resolved

OPERATIONS = ("create_sites", "push_configuration", "push_live", "push_fleet")
"""The operations that take documents of a file."""


class Kind(NamedTuple):
    """A kind of document: the title of its schema, and the operation that takes it."""

    title: str
    operation: str
    schema: Mapping[str, Any]


class Column(NamedTuple):
    """A column of readings: its name, and the type of its values in JSON."""

    name: str
    type: str


@cache
def contract() -> Contract:
    """The contract that this program carries, compiled."""
    return Contract(openapi.bundle())


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind of document that can be pushed, as the bodies of the operations say."""
    return tuple(_kinds())


@cache
def columns() -> tuple[Column, ...]:
    """The columns of readings, `dt-stamp` first."""
    schema = _schema("ReadingColumns")
    properties = schema["properties"]
    return tuple(Column(name, properties[name]["items"]["type"]) for name in schema["required"])


@cache
def most_rows() -> int:
    """How many readings one request may have."""
    most: int = _schema("FleetReadings")["properties"]["sites"]["x-most-in-all"]["most"]
    return most


@cache
def most_sites() -> int:
    """How many sites one request may have."""
    most: int = _schema("FleetReadings")["properties"]["sites"]["maxItems"]
    return most


def told(document: Any) -> Kind | None:
    """Return the kind that the document is most like; None when it is like none."""
    best = max(kinds(), key=lambda kind: _likeness(document, kind.schema))
    return best if _likeness(document, best.schema) > 0 else None


def heading(text: str) -> str | None:
    """Return the column, or `id`, that a heading of a table means; None for a strange one.

    A unit in brackets, as the service writes it, is passed over.
    """
    name = text.partition("(")[0].strip()
    if name in ("id", "site", "site_id"):
        return "id"
    return name if name in {column.name for column in columns()} else None


def suggestion(text: str) -> str | None:
    """Return the heading that was probably meant, as a hint."""
    return did_you_mean(text, ["id", *(column.name for column in columns())])


def _kinds() -> Iterator[Kind]:
    for name in OPERATIONS:
        declared = _declared(name)["requestBody"]["content"]["application/json"]["schema"]
        schema = resolved(declared, openapi_components())
        for one in schema.get("oneOf", [schema]):
            yield Kind(one["title"], name, one)


def openapi_components() -> Mapping[str, Any]:
    """The components of the contract."""
    components: Mapping[str, Any] = contract().bundle["components"]
    return components


def _declared(operation_id: str) -> Mapping[str, Any]:
    items = contract().bundle["paths"].values()
    posts = (item["post"] for item in items if "post" in item)
    return next(one for one in posts if one["operationId"] == operation_id)


@cache
def _schema(name: str) -> Mapping[str, Any]:
    components = openapi_components()
    schema: Mapping[str, Any] = resolved(components["schemas"][name], components)
    return schema


def _likeness(value: Any, schema: Mapping[str, Any]) -> float:
    """Return how much a value is like those of a schema: more for each member that fits."""
    if not _is_of(value, schema["type"]):
        return -1
    if schema["type"] == "array":
        return 1 if not value else 1 + _likeness(value[0], schema["items"])
    if schema["type"] != "object":
        return 1
    known = schema["properties"]
    missing = len([name for name in schema.get("required", ()) if name not in value])
    scores = (_likeness(value[name], known[name]) if name in known else -0.5 for name in value)
    return sum(scores) - missing / 10


def _is_of(value: Any, type_: str) -> bool:
    if type_ in ("object", "array"):
        return isinstance(value, dict if type_ == "object" else list)
    return not isinstance(value, dict | list)

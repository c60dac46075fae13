"""What reading makes of a value that keeps its schema.

Handlers get an int for each integer, however it is spelt (`1.0`, `1e0`), and for each instant its
UTC seconds. How many names and strings the value has is known from the schema as well, without a
walk through its long columns.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from handlers.instants import parse

Reader = Callable[[Any], Any]
"""Returns what the value means; raises ValueError for a text that names no instant."""

Counter = Callable[[Any], int]

F = TypeVar("F", Reader, Counter)


def reader(schema: Mapping[str, Any]) -> Reader | None:
    """Return the function that reads values of the schema; None where nothing changes."""
    if schema.get("type") == "integer":
        return int
    if schema.get("format") == "instant":
        return parse
    members = _of_members(schema, reader)
    if members:
        return lambda value: (
            value | {name: read(value[name]) for name, read in members.items() if name in value}
        )
    item = reader(schema["items"]) if "items" in schema else None
    return None if item is None else lambda value: list(map(item, value))


def counter(schema: Mapping[str, Any]) -> Counter | None:
    """Return the function that counts the names and strings in values; None where there are none.

    An object has its names, each once, and an array of strings as many as it is long.
    """
    if schema.get("type") == "string":
        return _one
    if schema.get("type") == "object":
        return _of_objects(schema)
    item = counter(schema["items"]) if "items" in schema else None
    if item is None:
        return None
    return len if schema["items"]["type"] == "string" else lambda value: sum(map(item, value))


def _one(value: Any) -> int:
    return 1


def _of_objects(schema: Mapping[str, Any]) -> Counter:
    members = _of_members(schema, counter)
    texts = [name for name in schema.get("required", ()) if members.get(name) is _one]
    always, others = len(texts), {n: count for n, count in members.items() if n not in texts}
    if not others:
        return lambda value: len(value) + always
    return lambda value: (
        len(value)
        + always
        + sum(count(value[name]) for name, count in others.items() if name in value)
    )


def unread(schema: Any) -> Any:
    """Return the schema without the keywords that reading judges: those beside `format: instant`.

    A text is parsed once, and `parse` knows every rule of the spelling; a test holds it to that.
    Nor has it the format of what is `x-as-stored`, which was judged when it came in.
    """
    if isinstance(schema, list):
        return [unread(entry) for entry in schema]
    if not isinstance(schema, Mapping):
        return schema
    if schema.get("format") == "instant":
        return {"type": "string"}
    as_stored = schema.get("x-as-stored", False)
    return {key: unread(value) for key, value in schema.items() if not as_stored or key != "format"}


def _of_members(
    schema: Mapping[str, Any], made: Callable[[Mapping[str, Any]], F | None]
) -> dict[str, F]:
    """Return what is made of each member's schema, where anything is."""
    members = schema.get("properties", {}).items()
    return {name: one for name, member in members if (one := made(member)) is not None}

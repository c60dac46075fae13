"""Values as far as an explanation looks into them, and their long arrays a window at a time.

jsonschema-rs explains a value whole before it gives the first fault: a million wrong items would
cost it 16 s and what they weigh in memory, where a hundred faults are all that is told.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

Path = tuple[str | int, ...]

WINDOW = 200
"""Items that are explained at a time."""

MOST_UNKNOWN = 101
"""Members that the schema does not know and that are explained: one more than are told."""


def arrays_of_objects(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the schemas of those members of an object that are arrays of objects, by name.

    What is in such an array is explained an entry at a time.
    """
    members = schema.get("properties", {}).items()
    return {name: member for name, member in members if "properties" in member.get("items", ())}


class Windows:
    """A value as far as its schema looks into it, its long arrays cut, its objects in arrays gone.

    Arrays of the contract are members of a body or of its entries; a test holds it to that.
    """

    def __init__(self, value: Any, schema: Mapping[str, Any]) -> None:
        self._value = outline(value, schema)
        self._items: dict[str, Mapping[str, Any]] = {}
        self._long: dict[str, list[Any]] = {}
        self._oversized: list[tuple[str, int]] = []
        members = schema.get("properties", {})
        for name, given in [*self._value.items()] if isinstance(value, dict) else ():
            if isinstance(given, list) and "items" in members.get(name, ()):
                self._divide(name, given, members[name])

    def _divide(self, name: str, given: list[Any], schema: Mapping[str, Any]) -> None:
        """Take an array apart: into windows, or its objects out of it."""
        self._items[name] = schema["items"]
        if "properties" in schema["items"]:
            # As many as tell whether there are too few.
            self._value[name] = [None] * min(len(given), schema["minItems"])
        elif len(given) > WINDOW:
            self._long[name] = given[: schema["maxItems"]]
        else:
            self._value[name] = self._outlined(name, given)
            return
        if len(given) > schema["maxItems"]:
            self._oversized.append((name, schema["maxItems"]))

    def oversized(self) -> list[tuple[str, int]]:
        """Return each array that has more items than it may and would not say so, and its limit."""
        return self._oversized

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        """Yield the value with its long arrays cut, then what comes after, and where each begins.

        After the first window only long arrays are told of.
        """
        yield 0, {**self._value, **self._cut(0)} if self._long else self._value
        for start in range(WINDOW, max(map(len, self._long.values()), default=0), WINDOW):
            yield start, self._cut(start)

    def _cut(self, start: int) -> dict[str, list[Any]]:
        cuts = {name: array[start : start + WINDOW] for name, array in self._long.items()}
        return {name: self._outlined(name, items) for name, items in cuts.items() if items}

    def _outlined(self, name: str, items: list[Any]) -> list[Any]:
        if _NESTED.isdisjoint(map(type, items)):
            return items
        return [outline(item, self._items[name]) for item in items]

    def place(self, path: Path, start: int) -> Path | None:
        """Return where in the value a path of a window leads; None if an earlier window told."""
        if len(path) > 1 and path[0] in self._long:
            return path[0], start + int(path[1]), *path[2:]
        return path if start == 0 else None


_NESTED = frozenset((dict, list))


def outline(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return the value without what its schema does not look into, at any depth of objects.

    Where the schema has no array, one that is there is as good as an empty one; and of the members
    that it does not know, a hundred are enough.
    """
    if isinstance(value, list):
        return value if schema.get("type") == "array" else []
    if not isinstance(value, dict):
        return value
    members = schema.get("properties", {})
    known = {name: outline(value[name], members[name]) for name in members if name in value}
    unknown = islice((name for name in value if name not in members), MOST_UNKNOWN)
    return {**known, **dict.fromkeys(unknown)}

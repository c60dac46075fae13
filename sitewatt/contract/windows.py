"""Long arrays, looked at a window at a time.

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


class Windows:
    """A value without most of the members that its schema does not know, its long arrays cut.

    Arrays of the contract are members of a body, not deeper; a test holds it to that.
    """

    def __init__(self, value: Any, schema: Mapping[str, Any]) -> None:
        members = schema.get("properties", {})
        self._items = {
            name: member["items"] for name, member in members.items() if "items" in member
        }
        self._value = without_most_unknown(value, schema)
        self._limits = {
            name: members[name]["maxItems"]
            for name, given in (self._value.items() if isinstance(self._value, dict) else ())
            if isinstance(given, list) and len(given) > WINDOW and name in self._items
        }

    def oversized(self) -> Iterator[tuple[str, int]]:
        """Yield each array that has more items than it may, and how many that is."""
        for name, limit in self._limits.items():
            if len(self._value[name]) > limit:
                yield name, limit

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        """Yield the value with its long arrays cut, and at which item the cut begins."""
        if not self._limits:
            yield 0, self._cut(self._value)
            return
        arrays = {name: self._value[name][:limit] for name, limit in self._limits.items()}
        for start in range(0, max(map(len, arrays.values())), WINDOW):
            cuts = {name: array[start : start + WINDOW] for name, array in arrays.items()}
            yield start, self._cut({**self._value, **cuts})

    def _cut(self, window: Any) -> Any:
        """Return the window without most of the unknown members in the items of its arrays."""
        if not isinstance(window, dict):
            return window
        items = {n: i for n, i in self._items.items() if "properties" in i}
        cut = {
            name: [without_most_unknown(entry, item) for entry in window[name]]
            for name, item in items.items()
            if isinstance(window.get(name), list)
        }
        return {**window, **cut}

    def place(self, path: Path, start: int) -> Path | None:
        """Return where in the value a path of a window leads; None if an earlier window told."""
        if len(path) > 1 and path[0] in self._limits:
            return path[0], start + int(path[1]), *path[2:]
        return path if start == 0 else None


def without_most_unknown(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return an object without most of the members that its schema does not know, at any depth."""
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    members = schema["properties"]
    known = {
        name: without_most_unknown(value[name], members[name]) for name in members if name in value
    }
    unknown = islice((name for name in value if name not in members), MOST_UNKNOWN)
    return {**known, **dict.fromkeys(unknown)}

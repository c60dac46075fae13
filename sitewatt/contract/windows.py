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
    """An object without most of its unknown members, whose long arrays are cut.

    Arrays of the contract are members of a body, not deeper; a test holds it to that.
    """

    def __init__(self, value: Any, schema: Mapping[str, Any]) -> None:
        members = schema.get("properties", {})
        if isinstance(value, dict) and len(value) > len(members) + MOST_UNKNOWN:
            known = {name: value[name] for name in members if name in value}
            unknown = islice((name for name in value if name not in members), MOST_UNKNOWN)
            value = {**known, **dict.fromkeys(unknown)}
        self._value = value
        self._limits = {
            name: members[name]["maxItems"]
            for name, given in (value.items() if isinstance(value, dict) else ())
            if isinstance(given, list) and len(given) > WINDOW and "items" in members.get(name, {})
        }

    def oversized(self) -> Iterator[tuple[str, int]]:
        """Yield each array that has more items than it may, and how many that is."""
        for name, limit in self._limits.items():
            if len(self._value[name]) > limit:
                yield name, limit

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        """Yield the value with its long arrays cut, and at which item the cut begins."""
        if not self._limits:
            yield 0, self._value
            return
        arrays = {name: self._value[name][:limit] for name, limit in self._limits.items()}
        for start in range(0, max(map(len, arrays.values())), WINDOW):
            cuts = {name: array[start : start + WINDOW] for name, array in arrays.items()}
            yield start, {**self._value, **cuts}

    def place(self, path: Path, start: int) -> Path | None:
        """Return where in the value a path of a window leads; None if an earlier window told."""
        if len(path) > 1 and path[0] in self._limits:
            return path[0], start + int(path[1]), *path[2:]
        return path if start == 0 else None

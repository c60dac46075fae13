"""Where in a JSON text its values stand, so that a JSON Pointer can be told as line and column."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sitewatt.contract.faults import pointer
from sitewatt.exchange.errors import Place

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|"', re.DOTALL)
"""A string, a mark, a word; a quote that nothing closes is a token of its own."""


class Spot(NamedTuple):
    """The offsets of a value and of its name, which is the value's own where it has none."""

    name: int
    value: int


@dataclass
class _Open:
    """An array or an object that has begun: where in it the reader is."""

    is_array: bool
    index: int = 0
    name: str = ""
    name_at: int | None = None
    names: set[str] = field(default_factory=set)

    @property
    def step(self) -> str | int:
        return self.index if self.is_array else self.name


class Outline:
    """The places of all values of a text that is JSON."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.repeated: list[tuple[str, int]] = []
        """Names that an object has twice, and the offset of each second one."""
        self._spots = dict(self._walk())

    def spot(self, at: str) -> Spot:
        """Return where the pointer leads, or the nearest value around that place."""
        while at not in self._spots and at:
            at = at.rpartition("/")[0]
        return self._spots[at]

    def _walk(self) -> Iterator[tuple[str, Spot]]:
        opened: list[_Open] = []
        for found in TOKEN.finditer(self._text):
            word, at = found[0], found.start()
            if word in ("}", "]"):
                opened.pop()
            elif word == ",":
                opened[-1].index += 1
                opened[-1].name_at = None
            elif word != ":":
                yield from self._value(opened, word, at)

    def _value(self, opened: list[_Open], word: str, at: int) -> Iterator[tuple[str, Spot]]:
        inner = opened[-1] if opened else None
        if inner is not None and not inner.is_array and inner.name_at is None:
            self._name(inner, word, at)
            return
        name_at = at if inner is None or inner.name_at is None else inner.name_at
        yield pointer(_path(opened)), Spot(name_at, at)
        if word in ("{", "["):
            opened.append(_Open(word == "["))

    def _name(self, inner: _Open, word: str, at: int) -> None:
        inner.name, inner.name_at = json.loads(word), at
        if inner.name in inner.names:
            self.repeated.append((inner.name, at))
        inner.names.add(inner.name)


def place(text: str, offset: int, first_line: int = 1) -> Place:
    """Return the line and column of an offset in a text that begins with the given line."""
    before = text.rfind("\n", 0, offset)
    return Place(first_line + text.count("\n", 0, offset), offset - before)


def _path(opened: Sequence[_Open]) -> list[str | int]:
    return [one.step for one in opened]

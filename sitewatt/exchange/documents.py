"""The JSON documents of a text, each with its kind, and the way from its pointers to the file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from sitewatt.contract import NotJson, strict_json
from sitewatt.exchange.errors import ExchangeError, FileFault, FileFaults
from sitewatt.exchange.kinds import Kind, contract, told
from sitewatt.exchange.mending import Mended, mend
from sitewatt.exchange.outline import Outline, place

PARTING = re.compile(r"^---.*$", re.MULTILINE)
"""A line that parts documents."""


@dataclass(frozen=True)
class Document:
    """A document of a file: its value, and where it stands."""

    file: str
    value: Any
    text: str
    """The text that the value was read from; after mending, the mended one."""
    shift: int
    """How many characters mending has put before it."""
    first_line: int
    below: str = ""
    """The pointer to the value, where the text has several in a list."""

    @cached_property
    def kind(self) -> Kind:
        """What it is; raises FileFaults when it is nothing that can be pushed."""
        kind = told(self.value)
        if kind is None:
            said = "is no document that the service takes"
            raise FileFaults(self.file, [self.fault("", "type", said)])
        return kind

    def fault(self, at: str, keyword: str, said: str, hint: str | None = None) -> FileFault:
        """Return the fault at a pointer; that of a strange member is at the member's name."""
        spot = self._outline.spot(self.below + at)
        offset = spot.name if keyword == "additionalProperties" else spot.value
        there = place(self.text[self.shift :], max(offset - self.shift, 0), self.first_line)
        name = at.split("/")[1] if at and not at.split("/")[1].isdigit() else ""
        return FileFault(there, f"{name}: {said}" if name else said, hint)

    @cached_property
    def _outline(self) -> Outline:
        return Outline(self.text)


@dataclass
class Reading:
    """The documents of a text, and the mends that they needed, told as sentences."""

    documents: list[Document]
    notices: list[str]


def read(file: str, text: str, *, strict: bool = False) -> Reading:
    """Return the documents of a text: one, or several parted by lines that begin with `---`.

    Raises FileFaults for what is not JSON; with `strict` nothing is mended.
    """
    found = Reading([], [])
    for part, first_line in _parts(text.removeprefix("\ufeff")):
        _read_part(file, part, first_line, strict, found)
    if not found.documents:
        raise ExchangeError(f"{file} is empty")
    return found


def _parts(text: str) -> Iterator[tuple[str, int]]:
    """Yield the parts of a text that hold a document each, and the line that each begins at."""
    if "\n" in text.strip() and all(map(_is_json, filter(str.strip, text.splitlines()))):
        yield from ((line, n) for n, line in enumerate(text.splitlines(), 1) if line.strip())
        return
    start = 0
    for end, after in [*((m.start(), m.end()) for m in PARTING.finditer(text)), (len(text), 0)]:
        # What stands before the first such line and has no JSON in it is a title.
        is_title = start == 0 < after and not set(text[start:end]) & {*'{["'}
        if text[start:end].strip() and not is_title:
            yield text[start:end], 1 + text.count("\n", 0, start)
        start = after


def _read_part(file: str, part: str, first_line: int, strict: bool, found: Reading) -> None:
    mended = Mended(part, 0, []) if _is_json(part) or strict else mend(part)
    value = _value(file, part, mended, first_line)
    for offset, said in mended.mends:
        there = place(part, offset, first_line)
        found.notices.append(f"{file}:{there.line}:{there.column}: {said}")
    listed = value if isinstance(value, list) else [value]
    for number, entry in enumerate(listed):
        below = f"/{number}" if isinstance(value, list) else ""
        document = Document(file, entry, mended.text, mended.shift, first_line, below)
        found.documents.append(document)


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _value(file: str, part: str, mended: Mended, first_line: int) -> Any:
    raw = mended.text.encode()
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        # What mending has not made JSON is told as it stands in the file.
        raise FileFaults(file, [_not_json(part, mended, error, first_line)]) from None
    try:
        strict_json.check(raw, value, depth=contract().limits["body_depth"])
    except NotJson as error:
        raise FileFaults(file, [_ambiguous(mended, error, first_line)]) from None
    return value


def _not_json(part: str, mended: Mended, error: Any, first_line: int) -> FileFault:
    hint = None
    try:
        strict_json.parse(part.encode())
    except NotJson as found:
        hint = found.hint
    offset = min(max(error.pos - mended.shift, 0), len(part))
    return FileFault(place(part, offset, first_line), f"is not JSON: {error.msg}", hint)


def _ambiguous(mended: Mended, error: NotJson, first_line: int) -> FileFault:
    repeated = Outline(mended.text).repeated
    offset = repeated[0][1] - mended.shift if repeated else 0
    there = place(mended.text[mended.shift :], offset, first_line)
    return FileFault(there, error.detail, error.hint)

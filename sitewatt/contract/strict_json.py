"""JSON read strictly: what two readers could take for two things is refused (RFC 8259, RFC 7493).

Refused beyond what orjson refuses (NaN, 1e999, lone surrogates, comments, a byte order mark):
a member that an object names twice, and nesting deeper than the contract allows.
"""

import json
from itertools import chain
from typing import Any

import orjson

from sitewatt.contract.faults import shown


class NotJson(Exception):
    """The body is not JSON; `detail` says where and what, `hint` what would be right."""

    def __init__(self, detail: str, hint: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint


class _Repeated(Exception):
    """An object names a member twice; the argument is its name."""


def parse(raw: bytes) -> Any:
    """Return the value of a JSON text; raises NotJson.

    Strings and numbers are as orjson reads them: integers beyond 64 bits are floats, which the
    contract's limits refuse. Of members named twice it keeps the last.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _not_json(raw, error) from None


def check(raw: bytes, value: Any, *, depth: int) -> None:
    """Promise that the text whose value this is was strict, of at most `depth` levels.

    Raises NotJson. This walks through the whole value, whatever it is.
    """
    check_names(raw, _strings(value, depth))


def check_names(raw: bytes, strings: int) -> None:
    """Promise that no object of the text names a member twice; raises NotJson.

    `strings` are the names and strings in its value. Each has two quotes in the text, and one more
    pair tells of a name that was dropped: counting is cheaper than a second parse.
    """
    if b"\\" in raw or raw.count(b'"') != 2 * strings:
        _refuse_repeated(raw)


def _not_json(raw: bytes, error: orjson.JSONDecodeError) -> NotJson:
    if not raw.strip():
        return NotJson("The body is empty.", "send a JSON document")
    if error.msg.startswith("str is not valid UTF-8"):
        return NotJson("The body is not UTF-8.", "JSON is UTF-8 (RFC 8259, section 8.1)")
    where = f"line {error.lineno} column {error.colno}"
    return NotJson(f"The body is not JSON: {error.msg} at {where}.", _hint(raw, error))


def _hint(raw: bytes, error: orjson.JSONDecodeError) -> str | None:
    rest = raw.decode(errors="replace")[error.pos :]
    if "trailing comma" in error.msg:
        return f"take away the comma at line {error.lineno} column {error.colno}"
    if rest.startswith("'"):
        return "JSON strings stand in double quotes"
    if rest.startswith(("NaN", "Infinity", "-Infinity")) or "infinity" in error.msg:
        return "numbers are finite in JSON"
    if rest.startswith(("True", "False", "None")):
        return "JSON writes true, false and null"
    if "end of data" in error.msg:
        return "the document is cut short, or a bracket is not closed"
    return None


def _strings(value: Any, depth: int) -> int:
    """Return how many names and strings the value has; raises NotJson beyond `depth` levels.

    It goes level by level, each in a few passes that are not Python's: a million empty objects take
    a tenth of a second, and took four times as long one by one.
    """
    level, levels, strings = [value], 0, 0
    while True:
        kinds = set(map(type, level))
        arrays = _of(list, level, kinds)
        objects = _of(dict, level, kinds)
        strings += len(_of(str, level, kinds)) + sum(map(len, objects))
        if not arrays and not objects:
            return strings
        levels += 1
        if levels > depth:
            raise NotJson(f"The body is nested deeper than {depth} levels.")
        level = [*chain.from_iterable(arrays), *chain.from_iterable(map(dict.values, objects))]


def _of(kind: type, level: list[Any], kinds: set[type]) -> list[Any]:
    if kind not in kinds:
        return []
    return level if len(kinds) == 1 else [entry for entry in level if type(entry) is kind]


def _refuse_repeated(raw: bytes) -> None:
    def once(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Repeated(name)
            seen.add(name)

    try:
        json.loads(raw, object_pairs_hook=once)
    except _Repeated as error:
        name = shown(error.args[0])
        hint = "name each member of an object once"
        raise NotJson(f"The body is ambiguous: an object names `{name}` twice.", hint) from None
    except RecursionError:
        # What orjson has read and not kept is as deep as it allows, 1,024 levels.
        raise NotJson("The body is nested too deep, in a member that is named twice.") from None

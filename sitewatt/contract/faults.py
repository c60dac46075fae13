"""Faults: what is wrong with a request, where, and what would be right.

A fault says everything in the words of the contract. Of the request it shows nothing but the names
of members and parameters that the contract does not know, cut short.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sitewatt.contract.formats import FORMATS
from storage import without_secrets

LONGEST_NAME = 64
"""The characters shown of a name that came with the request."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request.

    `place` is a JSON Pointer (RFC 6901) when `in_` is `body`, else the name of a parameter.
    `keyword` is the rule that was broken: of JSON Schema, of our vocabulary, or of parameters.
    """

    in_: str
    place: str
    keyword: str
    detail: str
    hint: str | None = None

    def members(self) -> dict[str, str]:
        """Return the fault as an entry of a problem's `errors`."""
        where = "pointer" if self.in_ == "body" else "name"
        members = {"in": self.in_, where: self.place, "keyword": self.keyword}
        hint = {} if self.hint is None else {"hint": self.hint}
        return {**members, "detail": self.detail, **hint}


def pointer(path: Iterable[str | int]) -> str:
    """Return the JSON Pointer of a path, with unknown names cut to 64 characters."""
    return "".join("/" + shown(str(step)).replace("~", "~0").replace("/", "~1") for step in path)


def shown(name: str) -> str:
    """Return a name as it may be shown: cut, without secrets and what a terminal would obey."""
    # A secret that begins in what is shown ends in what is looked at.
    safe = without_secrets(name[: 3 * LONGEST_NAME])
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in safe)
    return printable if len(printable) <= LONGEST_NAME else printable[: LONGEST_NAME - 1] + "…"


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was probably meant, as a hint."""
    folded = {word.casefold(): word for word in known}
    near = difflib.get_close_matches(name[:LONGEST_NAME].casefold(), folded, n=1)
    return f"did you mean `{folded[near[0]]}`?" if near else None


def explain(keyword: str, given: Any, schema: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return what is wrong with a value that breaks a keyword of its schema, and a hint or None.

    `given` is the value; of it only what the contract already says is repeated.
    """
    said = _DETAILS[keyword](schema[keyword]) if keyword in _DETAILS else f"breaks `{keyword}`"
    if keyword == "format" and schema["format"] in FORMATS:
        said = FORMATS[schema["format"]](given) or said
    if keyword == "enum" and isinstance(given, str):
        return said, did_you_mean(given, map(str, schema["enum"]))
    if keyword == "format" and "example" in schema:
        return said, f"for example `{schema['example']}`"
    if keyword == "pattern" and "description" in schema:
        return said, " ".join(schema["description"].split())
    if keyword == "type" and _is_text_of(given, schema["type"]):
        return said, "write it without quotes"
    return said, None


def _is_text_of(given: Any, wanted: str) -> bool:
    if wanted == "boolean":
        return given in ("true", "false")
    return wanted in ("number", "integer") and isinstance(given, str) and _is_number(given)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _listed(words: Sequence[Any]) -> str:
    return " or ".join(f"`{word}`" for word in words)


_DETAILS: Mapping[str, Callable[[Any], str]] = {
    "type": lambda wanted: f"must be {_article(wanted)}",
    "enum": lambda options: f"must be {_listed(options)}",
    "minimum": lambda limit: f"must not be less than {limit}",
    "maximum": lambda limit: f"must not be more than {limit}",
    "minLength": lambda limit: f"must have at least {_counted(limit, 'character')}",
    "maxLength": lambda limit: f"must have at most {_counted(limit, 'character')}",
    "minItems": lambda limit: f"must have at least {_counted(limit, 'item')}",
    "maxItems": lambda limit: f"must have at most {_counted(limit, 'item')}",
    "minProperties": lambda limit: f"must have at least {_counted(limit, 'member')}",
    "uniqueItems": lambda _: "must not name anything twice",
    "pattern": lambda _: "is not spelt as the contract describes",
    "format": lambda name: f"is not of the format `{name}`",
}

"""Parameters: the text of a path, a query or a header, read as strictly as a body.

An integer has one spelling (`7`; not `07`, `+7`, `7.0`, `7_0`), a boolean two (`true`, `false`). No
parameter comes twice, none is unknown.
"""

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from handlers.instants import parse
from sitewatt.contract.faults import Fault, did_you_mean, explain, shown
from sitewatt.contract.schema import Schema
from sitewatt.contract.vocabulary import UNTIMED

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_BOOLEANS = {"true": True, "false": False}


MOST_FAULTS = 100
"""The faults that are looked for; a problem has room for no more."""


class BadParameters(Exception):
    """Parameters break the contract; `faults` says which and how."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} parameters are at fault")
        self.faults = faults


class Parameter:
    """One parameter of an operation: where it stands, and what it may be."""

    def __init__(self, declared: Mapping[str, Any]) -> None:
        self.name: str = declared["name"]
        self.in_: str = declared["in"]
        self.argument = argument_name(self.name)
        self.before: str | None = declared.get("x-before")
        self._required: bool = declared.get("required", False)
        self._schema = Schema(declared["schema"])
        self._default = declared["schema"].get("default")

    def read(self, text: str | None) -> Any:
        """Return the value of the text, the contract's default without one, else None.

        Raises BadParameters with one fault.
        """
        if text is None:
            if self._required:
                raise self._bad("required", "is missing")
            return self._default
        value = self._parse(text)
        if not self._schema.accepts(value, UNTIMED):
            raise self._broken(value)
        return value

    def _parse(self, text: str) -> Any:
        type_ = self._schema.schema["type"]
        if type_ == "integer" and _INTEGER.fullmatch(text):
            return int(text)
        if type_ == "boolean":
            return _BOOLEANS.get(text, text)
        return text.split(",") if type_ == "array" else text

    def _broken(self, value: Any) -> BadParameters:
        fault = self._schema.faults(value, UNTIMED, most=9)[0]
        hint = fault.hint
        if self.in_ == "query" and fault.keyword == "format" and " " in value:
            hint = "a + is written %2B in a URL"
        if fault.keyword == "type":
            said, _ = explain("type", None, self._schema.schema)
            return self._bad("type", said, _SPELLINGS.get(self._schema.schema["type"]))
        return self._bad(fault.keyword, fault.detail, hint)

    def _bad(self, rule: str, detail: str, hint: str | None = None) -> BadParameters:
        return BadParameters([Fault(self.in_, self.name, rule, detail, hint)])


_SPELLINGS = {"integer": "digits only, without leading zeros", "boolean": "`true` or `false`"}


class Parameters:
    """All parameters of an operation."""

    def __init__(self, declared: Iterable[Mapping[str, Any]]) -> None:
        self._parameters = [Parameter(parameter) for parameter in declared]
        self._query = [p.name for p in self._parameters if p.in_ == "query"]

    @property
    def arguments(self) -> list[str]:
        """The names under which `read` returns the values."""
        return [parameter.argument for parameter in self._parameters]

    def read(
        self, path: Mapping[str, str], query: bytes, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the value of every declared parameter by its argument's name.

        `headers` has lower-case names. Raises BadParameters with a fault for each bad one.
        """
        faults: list[Fault] = []
        words = dict(self._query_words(query, faults))
        texts = {"path": path, "query": words, "header": headers}
        values: dict[str, Any] = {}
        for parameter in self._parameters:
            name = parameter.name.lower() if parameter.in_ == "header" else parameter.name
            try:
                values[parameter.argument] = parameter.read(texts[parameter.in_].get(name))
            except BadParameters as bad:
                faults += bad.faults
        faults += self._out_of_order(values)
        if faults:
            raise BadParameters(faults)
        return values

    def _out_of_order(self, values: Mapping[str, Any]) -> Iterator[Fault]:
        """Yield each instant that lies after the one of the parameter that `x-before` names."""
        for parameter in self._parameters:
            first = values.get(parameter.argument)
            last = values.get(argument_name(parameter.before or ""))
            if parameter.before and first and last and parse(first) > parse(last):
                said = f"lies after `{parameter.before}`"
                yield Fault(parameter.in_, parameter.name, "x-before", said, "exchange the two?")

    def _query_words(self, query: bytes, faults: list[Fault]) -> Iterator[tuple[str, str]]:
        """Yield the names and texts of a query that the contract knows; note the rest as faults."""
        seen: set[str] = set()
        for part in filter(None, query.split(b"&")):
            if len(faults) > MOST_FAULTS:
                return
            name, text = map(_decoded, part.partition(b"=")[::2])
            if name is None or text is None:
                faults.append(Fault("query", "?", "encoding", "is not UTF-8 in percent-encoding"))
            elif name not in self._query:
                hint = did_you_mean(name, self._query)
                place = shown(name) or "?"
                faults.append(Fault("query", place, "unknown", "is not known here", hint))
            elif name in seen:
                faults.append(Fault("query", name, "repeated", "must be given once"))
            else:
                seen.add(name)
                yield name, text


def argument_name(name: str) -> str:
    """Return a parameter's name as Python can have it: `If-Match` is if_match, `from` is from_."""
    word = name.lower().replace("-", "_")
    return f"{word}_" if keyword.iskeyword(word) or word in vars(builtins) else word


def _decoded(word: bytes) -> str | None:
    try:
        return unquote_to_bytes(word.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return None

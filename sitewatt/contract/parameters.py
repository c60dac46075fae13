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

from sitewatt.contract.faults import Fault, did_you_mean, explain, shown
from sitewatt.contract.schema import Schema, Unfit
from sitewatt.contract.vocabulary import UNTIMED

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_BOOLEANS = {"true": True, "false": False}


KEYWORDS = frozenset(
    ("required", "type", "x-before", "x-media-type", "encoding", "unknown", "repeated", "cursor")
)
"""The rules of parameters beside those of their schemas, `cursor` being that of their readers."""

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
        self.media_type: str | None = declared.get("x-media-type")
        self.default_for: str | None = declared.get("x-default-for")
        self.required: bool = declared.get("required", False)
        self.default = declared["schema"].get("default")
        self._type = declared["schema"]["type"]
        self._schema = Schema(declared["schema"])

    def read(self, text: str) -> Any:
        """Return the value of the text, as handlers get it; raises BadParameters with one fault."""
        value = self._parse(text)
        try:
            return self._schema.read(value, UNTIMED)
        except Unfit:
            raise self._broken(value) from None

    def put(self, text: str, values: dict[str, Any], faults: list[Fault]) -> None:
        """Add the value of the text to the values, or what is wrong with it to the faults."""
        values[self.argument] = _WRONG
        try:
            values[self.argument] = self.read(text)
        except BadParameters as bad:
            faults += bad.faults

    def missing(self) -> Fault:
        """Return the fault of a required parameter that is not there."""
        return Fault(self.in_, self.name, "required", "is missing")

    def is_for(self, media_type: str | None) -> bool:
        """Return whether the parameter is taken for an answer in the media type."""
        return self.media_type is None or media_type is None or media_type == self.media_type

    def has_default_for(self, media_type: str | None) -> bool:
        """Return whether the parameter's default holds for an answer in the media type."""
        return self.default_for is None or media_type in (None, self.default_for)

    def out_of_place(self) -> Fault:
        """Return the fault of a parameter that is given where it is not taken."""
        said = f"is taken only where the answer is {self.media_type}"
        hint = f"leave it out, or ask with the header Accept: {self.media_type}"
        return Fault(self.in_, self.name, "x-media-type", said, hint)

    def _parse(self, text: str) -> Any:
        type_ = self._type
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
            return self._bad("type", said, _SPELLINGS.get(self._type))
        return self._bad(fault.keyword, fault.detail, hint)

    def _bad(self, rule: str, detail: str, hint: str | None = None) -> BadParameters:
        return BadParameters([Fault(self.in_, self.name, rule, detail, hint)])


_WRONG = object()
"""Stands where a value would stand, so that it is not said to be missing as well."""

_SPELLINGS = {"integer": "digits only, without leading zeros", "boolean": "`true` or `false`"}


class Parameters:
    """All parameters of an operation."""

    def __init__(self, declared: Iterable[Mapping[str, Any]]) -> None:
        parameters = [Parameter(parameter) for parameter in declared]
        self._path = {p.name: p for p in parameters if p.in_ == "path"}
        self._query = {p.name: p for p in parameters if p.in_ == "query"}
        self._headers = {p.name.lower(): p for p in parameters if p.in_ == "header"}
        self._defaults = {p.argument: p.default for p in parameters}
        self._required = [p for p in parameters if p.required and p.in_ != "path"]
        self._ordered = [p for p in parameters if p.before]
        self._choosy = [p for p in parameters if p.media_type]
        self._defaulting = [p for p in parameters if p.default_for]

    @property
    def arguments(self) -> list[str]:
        """The names under which `read` returns the values."""
        return [*self._defaults]

    @property
    def media_types(self) -> set[str]:
        """The media types of answers for which alone some parameters, or their defaults, are."""
        named = [p.media_type for p in self._choosy] + [p.default_for for p in self._defaulting]
        return {media_type for media_type in named if media_type}

    def read(
        self,
        path: Mapping[str, str],
        query: bytes,
        headers: Mapping[str, str],
        media_type: str | None = None,
    ) -> dict[str, Any]:
        """Return the value of every declared parameter by its argument's name.

        One that is not there has the contract's default where that holds for the media type of the
        answer, else None, and so has one that is not taken there. `headers` has lower-case names.
        Raises BadParameters with a fault for each bad one.
        """
        strange = {p.argument: p for p in self._choosy if not p.is_for(media_type)}
        without = [p.argument for p in self._defaulting if not p.has_default_for(media_type)]
        values = {**self._defaults, **dict.fromkeys([*strange, *without])}
        faults = list[Fault]()
        for name, text in path.items():
            self._path[name].put(text, values, faults)
        if query:
            for name, text in self._query_words(query, faults):
                self._query[name].put(text, values, faults)
        for name, parameter in self._headers.items():
            if name in headers:
                parameter.put(headers[name], values, faults)
        if len(faults) <= MOST_FAULTS:
            faults += self._misused(values, strange)
            faults += self._out_of_order(values)
        if faults:
            raise BadParameters(faults)
        return values

    def _misused(
        self, values: Mapping[str, Any], strange: Mapping[str, Parameter]
    ) -> Iterator[Fault]:
        """Yield each parameter that is missing, and each that is there and `strange`."""
        for parameter in self._required:
            if values[parameter.argument] is None and parameter.argument not in strange:
                yield parameter.missing()
        for argument, parameter in strange.items():
            if values[argument] is not None:
                yield parameter.out_of_place()

    def _out_of_order(self, values: Mapping[str, Any]) -> Iterator[Fault]:
        """Yield each instant that lies after the one of the parameter that `x-before` names."""
        for parameter in self._ordered:
            first = values.get(parameter.argument)
            last = values.get(argument_name(parameter.before or ""))
            if isinstance(first, int) and isinstance(last, int) and first > last:
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

"""jsonschema, the reference implementation, and where jsonschema-rs is right to differ from it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from sitewatt.contract import NotJson, Request, strict_json
from sitewatt.contract.formats import FORMATS
from sitewatt.contract.schema import Schema

REQUEST = Request(now=1_700_000_000, parameters={"site_id": 1})

_CHECKER = FormatChecker(formats=())
for _name, _reason in FORMATS.items():
    _CHECKER.checks(_name)(
        lambda value, reason=_reason: not isinstance(value, str) or reason(value) is None
    )


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    """Judge by a pattern as ECMA 262 reads it, as JSON Schema (core, section 6.4) asks for."""
    as_ecma = pattern.replace(r"\s", r"\s\ufeff").replace("$", r"\Z")
    if validator.is_type(value, "string") and not re.search(as_ecma, value):
        yield ValidationError("does not match")


_ByEcma = extend(Draft202012Validator, {"pattern": _pattern})


class Known(NamedTuple):
    """Where the two verdicts differ: jsonschema-rs refuses by this keyword, the other accepts."""

    keyword: str
    of: Callable[[str], bool]
    reason: str


KNOWN = (
    Known(
        "pattern",
        lambda text: r"\n" in text,
        "Python's `$` matches before a line feed at the end, ECMA 262's does not",
    ),
    Known(
        "pattern",
        lambda text: r"\ufeff" in text.lower() or "\ufeff" in text,
        "ECMA 262's `\\s` has U+FEFF, Python's has not",
    ),
    Known(
        "format",
        lambda text: '"/problems/' in text or '"$id"' in text,
        "jsonschema knows `uri-reference` only with another package; no request has it",
    ),
)


class Verdicts(NamedTuple):
    """What is said of one document; `rules` are those of our own vocabulary that it breaks."""

    rust: bool
    reference: bool
    by_ecma: bool
    keywords: frozenset[str]
    rules: frozenset[str]


class Judges:
    """jsonschema-rs as it is compiled into the contract, and jsonschema, on one schema."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._compiled = Schema(schema)
        plain = _without_formats_of_what_is_stored(schema)
        self._reference = Draft202012Validator(plain, format_checker=_CHECKER)
        self._by_ecma = _ByEcma(plain, format_checker=_CHECKER)

    def verdicts(self, text: str | bytes) -> Verdicts | None:
        """Return the verdicts of a text, which each judge reads on its own; None for no JSON."""
        raw = text if isinstance(text, bytes) else text.encode()
        try:
            value = strict_json.parse(raw)
            strict_json.check(raw, value, depth=32)
        except NotJson:
            return None
        faults = self._compiled.faults(value, REQUEST, most=100)
        keywords = frozenset(fault.keyword for fault in faults)
        rules = frozenset(keyword for keyword in keywords if keyword.startswith("x-"))
        # A verdict comes from `accepts`, its explanation from `faults`: they are one.
        assert self._compiled.accepts(value, REQUEST) == (not faults)
        given = json.loads(raw)
        reference, by_ecma = self._reference.is_valid(given), self._by_ecma.is_valid(given)
        return Verdicts(keywords == rules, reference, by_ecma, keywords - rules, rules)


def _without_formats_of_what_is_stored(node: Any) -> Any:
    """Return a schema in which a format is no rule where `x-as-stored` says so."""
    if isinstance(node, list):
        return [_without_formats_of_what_is_stored(one) for one in node]
    if not isinstance(node, Mapping):
        return node
    left = {"format"} if "x-as-stored" in node else set()
    return {k: _without_formats_of_what_is_stored(v) for k, v in node.items() if k not in left}


def explained(text: str, verdicts: Verdicts) -> set[int]:
    """Return which known differences account for verdicts that differ; none is a bug."""
    if verdicts.by_ecma == verdicts.rust or verdicts.keywords == {"format"}:
        return {n for n, k in enumerate(KNOWN) if {k.keyword} == verdicts.keywords and k.of(text)}
    return set()

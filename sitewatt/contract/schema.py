"""A schema of the contract, compiled once: JSON Schema by jsonschema-rs, our vocabulary by us."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator, ValidationError

from sitewatt.contract.faults import Fault, did_you_mean, explain, pointer
from sitewatt.contract.formats import FORMATS, Format
from sitewatt.contract.readers import counter, reader, unread
from sitewatt.contract.vocabulary import RULES, Request
from sitewatt.contract.windows import Path, Windows, arrays_of_objects


class ContractError(Exception):
    """The contract asks for something that this program does not do; it refuses to start."""


class Unfit(Exception):
    """The value breaks its schema."""


def compiled(schema: Mapping[str, Any]) -> "Schema":
    """Return the schema, compiled; the same one for whatever is equal, as problems everywhere."""
    return _compiled(orjson.dumps(schema))


@lru_cache(maxsize=1_000)
def _compiled(schema: bytes) -> "Schema":
    return Schema(orjson.loads(schema))


class Schema:
    """Judges values by one schema of the contract whose references have been resolved.

    The subset of the contract is assumed: one `type` each, `oneOf` only at the root and between
    alternatives that exclude each other. What is in an array has rules of the vocabulary only where
    it is an array of objects and a member of the value; its entries have a schema of their own.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self._fits = _validator(unread(schema)).is_valid
        self._reader = reader(schema)
        self._counter = counter(schema)
        self._rules = [(path, RULES[keyword], keyword, s) for path, keyword, s in _rules(schema)]
        arrays = arrays_of_objects(schema).items()
        self._entries = {
            name: (Schema(array["items"]), array["maxItems"]) for name, array in arrays
        }
        self._ruled: list[tuple[str, Schema]] = [
            (name, entry)
            for name, (entry, _) in self._entries.items()
            if entry._rules or entry._ruled
        ]
        self._alternatives = [Schema(alternative) for alternative in schema.get("oneOf", ())]
        self._by: str | None = schema.get("x-alternative-by")
        if self._alternatives and self._by is None:
            raise ContractError("a oneOf says by x-alternative-by which alternative is meant")
        self._by_kind = {one._kind_of(self._by): one for one in self._alternatives if self._by}

    @cached_property
    def _explaining(self) -> Draft202012Validator:
        """The schema for what has been refused; entries are explained by their own."""
        arrays = {n: {**a, "items": {}} for n, a in arrays_of_objects(self.schema).items()}
        members = {**self.schema.get("properties", {}), **arrays}
        return _validator({**self.schema, "properties": members} if arrays else self.schema)

    @cached_property
    def _explaining_later(self) -> Draft202012Validator:
        """The schema for the windows after the first: of the members alone."""
        return _validator({"type": "object", "properties": self.schema.get("properties", {})})

    def meant(self, value: Any) -> "Schema":
        """Return the alternative in which the member of `x-alternative-by` is as in the value.

        Without alternatives it is this schema. They exclude each other, so the value is accepted
        by the one that is meant, or by none.
        """
        name = self._by
        if name is None:
            return self
        kind = type(value.get(name, _ABSENT)) if isinstance(value, dict) else None
        if kind in self._by_kind:
            return self._by_kind[kind]
        return max(self._alternatives, key=lambda schema: schema._likeness(value, name))

    def read(self, value: Any, request: Request) -> Any:
        """Return what the value means: an int for an integer, UTC seconds for an instant.

        Raises Unfit when it breaks a rule of the schema; `faults` tells which.
        """
        if self._alternatives:
            return self.meant(value).read(value, request)
        read = self._understood(value)
        if not self._keep_rules([read], request):
            raise Unfit
        return read

    def accepts(self, value: Any, request: Request) -> bool:
        """Return whether the value keeps every rule of the schema."""
        try:
            self.read(value, request)
        except Unfit:
            return False
        return True

    def strings(self, value: Any) -> int:
        """Return how many names and strings an accepted value has."""
        count = self.meant(value)._counter
        return 0 if count is None else count(value)

    def faults(self, value: Any, request: Request, *, most: int) -> list[Fault]:
        """Return what is wrong with the value, at most `most` faults; none when it is accepted.

        Where the schema has alternatives, the faults speak of the one that was meant.
        """
        schema = self.meant(value)
        found = chain(schema._broken_keywords(value), schema._broken_rules(value, request))
        return _without_echoes(islice(found, _TOLD_AT_ONCE * most))[:most]

    def _understood(self, value: Any) -> Any:
        """Return what the value means by JSON Schema and its formats alone; raises Unfit."""
        if not self._fits(value):
            raise Unfit
        try:
            return value if self._reader is None else self._reader(value)
        except ValueError:
            raise Unfit from None

    def _keep_rules(self, values: Sequence[Any], request: Request) -> bool:
        """Return whether all that has been read, and the entries in it, keeps the vocabulary."""
        for path, rule, _, setting in self._rules:
            kept = rule.kept
            for given in _all_at(values, path):
                if not kept(given, setting, request):
                    return False
        return all(
            schema._keep_rules(_all_entries(values, name), request) for name, schema in self._ruled
        )

    def _kind_of(self, name: str) -> type | None:
        """Return the Python type of the values of a member, that of _ABSENT where there is none."""
        member = self.schema["properties"].get(name)
        return type(_ABSENT) if member is None else _KINDS.get(member["type"])

    def _likeness(self, value: Any, name: str) -> int:
        """Return 2 for a member that is there as it should be, or rightly absent, 1 for a try."""
        wanted = self.schema["properties"].get(name)
        given = isinstance(value, dict) and name in value
        if wanted is None or not given:
            return 2 if wanted is None and not given else 0
        return 2 if _is_of(value[name], wanted["type"]) else 1

    def _broken_keywords(self, value: Any, at: Path = ()) -> Iterator[Fault]:
        """Yield what is wrong with a value that stands at the place, by JSON Schema alone."""
        with suppress(Unfit):
            self._understood(value)
            return
        windows = Windows(value, self.schema)
        for name, limit in windows.oversized():
            said, hint = explain("maxItems", None, {"maxItems": limit})
            yield Fault("body", pointer((*at, name)), "maxItems", said, hint)
        for start, window in windows:
            explaining = self._explaining_later if start else self._explaining
            for error in explaining.iter_errors(window):
                path = windows.place(tuple(error.instance_path), start)
                if path is not None:
                    yield from self._explained(error, (*at, *path))
        for place, schema, entry in self._entries_of(value):
            yield from schema._broken_keywords(entry, (*at, *place))

    def _broken_rules(self, value: Any, request: Request, at: Path = ()) -> Iterator[Fault]:
        """Yield what is wrong with a value that stands at the place, by the vocabulary's rules."""
        for path, rule, keyword, setting in self._rules:
            given = _at(value, path)
            if given is _ABSENT:
                continue
            for below, detail, hint in rule.broken(given, setting, request):
                yield Fault("body", pointer((*at, *path, *below)), keyword, detail, hint)
        for place, schema, entry in self._entries_of(value):
            yield from schema._broken_rules(entry, request, (*at, *place))

    def _entries_of(self, value: Any) -> Iterator[tuple[Path, "Schema", Any]]:
        """Yield each entry of its arrays of objects, as many as these may have, with its schema."""
        for name, (schema, most) in self._entries.items():
            given = value.get(name) if isinstance(value, dict) else None
            for place, entry in enumerate(given[:most] if isinstance(given, list) else ()):
                yield (name, place), schema, entry

    def _explained(self, error: ValidationError, path: Path) -> Iterator[Fault]:
        keyword = error.kind.name
        schema = _at(self.schema, tuple(error.schema_path[:-1]))
        if keyword == "additionalProperties":
            for name in error.kind.as_dict()["unexpected"]:
                hint = did_you_mean(name, schema["properties"])
                yield Fault("body", pointer((*path, name)), keyword, "is not known here", hint)
        elif keyword == "required":
            said = f"`{error.kind.as_dict()['property']}` is missing"
            yield Fault("body", pointer(path), keyword, said)
        else:
            yield Fault("body", pointer(path), keyword, *explain(keyword, error.instance, schema))


def resolved(schema: Any, components: Mapping[str, Any]) -> Any:
    """Return the schema with every `#/components/...` reference replaced by what it names."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            _, _, kind, name = schema["$ref"].split("/")
            return resolved(components[kind][name], components)
        return {key: resolved(value, components) for key, value in schema.items()}
    if isinstance(schema, list):
        return [resolved(entry, components) for entry in schema]
    return schema


def _check(format_: Format) -> Callable[[str], bool]:
    return lambda text: format_(text) is None


_FORMAT_CHECKS = {name: _check(format_) for name, format_ in FORMATS.items()}


def _validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(dict(schema), validate_formats=True, formats=_FORMAT_CHECKS)


def _rules(schema: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, str, Any]]:
    """Yield where below the value each keyword of our vocabulary applies, and its setting."""
    for keyword, setting in schema.items():
        if keyword in RULES:
            yield path, keyword, setting
    for name, member in schema.get("properties", {}).items():
        yield from _rules(member, (*path, name))
    has_entries = len(path) == 1 and "properties" in schema.get("items", ())
    if "items" in schema and not has_entries and any(_rules(schema["items"], path)):
        raise ContractError(f"a rule of the x- vocabulary stands inside the items of {path}")


def _at(value: Any, path: Sequence[str | int]) -> Any:
    """Return what stands at the path, _ABSENT where the value has no such place."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value


def _all_at(values: Sequence[Any], path: Path) -> Sequence[Any]:
    """Return what stands at the path in each of the values that has the place."""
    for step in path:
        values = [value[step] for value in values if step in value]
    return values


def _all_entries(values: Sequence[Any], name: str) -> list[Any]:
    return [entry for value in values for entry in value.get(name, ())]


_ABSENT = object()
_KINDS: Mapping[str, type] = {"array": list, "object": dict, "string": str}


def _is_of(value: Any, type_: str | None) -> bool:
    return isinstance(value, _PYTHON_TYPES.get(type_ or "", object))


_PYTHON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "array": list,
    "object": dict,
    "string": str,
    "boolean": bool,
    "number": (int, float),
    "integer": (int, float),
}


_TOLD_AT_ONCE = 4
"""More faults than one spelling has: `format` and its echoes `pattern` and a length."""


def _without_echoes(faults: Iterator[Fault]) -> list[Fault]:
    """Return the faults without those of a spelling whose format is at fault already."""
    found = list(faults)
    misread = {fault.place for fault in found if fault.keyword == "format"}
    echoes = {"pattern", "minLength", "maxLength"}
    return [f for f in found if f.place not in misread or f.keyword not in echoes]

"""What a body costs that is as long as there may be, and wrong all over."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from fleets import BODY, ENTRY, FLEET, REQUEST, SCHEMA, body_of, fleet

from sitewatt.contract import InvalidBody
from sitewatt.contract import schema as compiling
from sitewatt.contract.schema import _TOLD_AT_ONCE
from sitewatt.contract.windows import MOST_UNKNOWN, WINDOW

MOST_BYTES = 2_097_152
MOST_ENTRIES = FLEET["properties"]["sites"]["maxItems"]


def filled(head: bytes, item: bytes, tail: bytes) -> bytes:
    """As long a body as there may be, of one item again and again."""
    return head + b",".join([item] * ((MOST_BYTES - len(head + tail)) // (len(item) + 1))) + tail


def in_entries(number: int, member: bytes, item: bytes) -> bytes:
    """As long a body as there may be, with an array of one item again and again in each entry."""
    items = b",".join([item] * ((MOST_BYTES // number - 40) // (len(item) + 1)))
    entries = (b'{"id":%d,"%b":[%b]}' % (n + 1, member, items) for n in range(number))
    return b'{"sites":[' + b",".join(entries) + b"]}"


def names(number: int) -> bytes:
    return b",".join(b'"k%d":1' % n for n in range(number))


DEAR = {
    "numbers that are wrong, in one entry": filled(b'{"sites":[{"soc":[', b"-1", b"]}]}"),
    "stamps that are none, in one entry": filled(b'{"sites":[{"dt-stamp":[', b'""', b"]}]}"),
    "numbers that are right, in one entry": filled(b'{"sites":[{"soc":[', b"1", b"]}]}"),
    "a list in a list": filled(b'{"sites":[{"soc":[[', b"1", b"]]}]}"),
    "numbers that are wrong, in a hundred": in_entries(100, b"soc", b"-1"),
    "numbers that are right, in a hundred": in_entries(100, b"soc", b"1"),
    "numbers that are right, in a thousand": in_entries(1000, b"soc", b"1"),
    "stamps that are none, in a thousand": in_entries(1000, b"dt-stamp", b'""'),
    "entries of nothing": filled(b'{"sites":[', b"{}", b"]}"),
    "entries that are numbers": filled(b'{"sites":[', b"1", b"]}"),
    "names, at the root": b'{"sites":[],' + names(150_000) + b"}",
    "names, in one entry": b'{"sites":[{' + names(150_000) + b"}]}",
    "names, in place of entries": b'{"sites":{' + names(150_000) + b"}}",
    "names, in place of a column": b'{"sites":[{"soc":{' + names(150_000) + b"}}]}",
    "names, in a thousand": b'{"sites":[' + b",".join([b"{" + names(150) + b"}"] * 1000) + b"]}",
    "one moment again and again": filled(
        b'{"sites":[{"dt-stamp":[', b'"2023-01-01 00:00:00"', b"]}]}"
    ),
}


class Counting:
    """A validator that counts what it is asked for.

    jsonschema-rs explains all of a value before it gives the first error, so what an explanation
    costs is the values that it is given and the errors that it makes of them.
    """

    def __init__(self, validator: Any, asked: "Asked") -> None:
        self._validator, self._asked = validator, asked

    def is_valid(self, value: Any) -> bool:
        self._asked.judged += 1
        valid: bool = self._validator.is_valid(value)
        return valid

    def iter_errors(self, value: Any) -> Iterator[Any]:
        errors = [*self._validator.iter_errors(value)]
        self._asked.values.append(number_of_values(value))
        self._asked.errors += len(errors)
        return iter(errors)


class Asked:
    """What all validators of a body have been asked for."""

    def __init__(self) -> None:
        self.judged = self.errors = 0
        self.values: list[int] = []


def number_of_values(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(number_of_values, inner))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked, made = Asked(), compiling._validator
    monkeypatch.setattr(compiling, "_validator", lambda schema: Counting(made(schema), asked))
    return asked


@pytest.mark.parametrize("case", DEAR)
def test_of_a_body_that_is_wrong_all_over_little_is_explained(case: str, asked: Asked) -> None:
    raw = DEAR[case]
    assert len(raw) <= MOST_BYTES
    with pytest.raises(InvalidBody) as refusal:
        body_of(FLEET).read(raw, REQUEST)
    assert 0 < len(refusal.value.faults) <= 100
    at_once = len(ENTRY["properties"]) * WINDOW + MOST_UNKNOWN + MOST_ENTRIES
    assert max(asked.values) <= at_once
    assert asked.errors <= _TOLD_AT_ONCE * 101 + at_once


@pytest.mark.parametrize("case", ["numbers that are wrong, in one entry", "names, in a thousand"])
def test_what_explains_a_body_weighs_less_than_the_body(case: str) -> None:
    value = orjson.loads(DEAR[case])
    SCHEMA.faults(value, REQUEST, most=101)
    tracemalloc.start()
    try:
        SCHEMA.faults(value, REQUEST, most=101)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(DEAR[case])


def test_the_first_hundred_faults_are_told_in_their_order() -> None:
    with pytest.raises(InvalidBody) as refusal:
        BODY.read(DEAR["numbers that are wrong, in a hundred"], REQUEST)
    assert refusal.value.more
    places = [f.place for f in refusal.value.faults if f.keyword == "minimum"]
    assert places == [f"/sites/0/soc/{row}" for row in range(len(places))]
    assert len(places) > 90


def test_a_body_that_is_accepted_is_judged_once_and_not_explained(asked: Asked) -> None:
    """However many entries it has: a thousand of one row cost little more than to parse them."""
    body_of(FLEET).read(orjson.dumps(fleet(1000, 1)), REQUEST)
    assert (asked.judged, asked.values) == (1, [])

"""Readings in lines: what is written is what the contract says, and what Python's readers read."""

import csv
import json
from typing import Any

import jsonschema_rs
import pytest
from api_service import SCHEMAS, example
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from readings import READINGS, as_series

from handlers import columns, instants, tables
from storage import COLUMNS, Values

NAMES = st.lists(st.sampled_from(COLUMNS), unique=True, min_size=1)
COMPONENTS = {"components": {"schemas": SCHEMAS}}
READING = jsonschema_rs.validator_for(
    {"$ref": "#/components/schemas/Reading", **COMPONENTS}, ignore_unknown_formats=True
)
TEXTS = {"csv": "ReadingTable", "ndjson": "ReadingLines"}
UNITS = {"soc": "soc (%)", "load_kwh": "load_kwh (kWh)", "net_load_kwh": "net_load_kwh (kWh)"}


def written(kind: str, readings: dict[int, Values], names: list[str]) -> str:
    """Return the whole text of a table."""
    table: tables.Table = getattr(tables, kind)(names)
    return table.head + table.lines(as_series(readings), names).decode()


@given(READINGS)
def test_a_line_of_ndjson_is_a_reading_of_the_contract(readings: dict[int, Values]) -> None:
    lines = written("ndjson", readings, [*COLUMNS]).splitlines()
    for line, (instant, values) in zip(lines, readings.items(), strict=True):
        read = json.loads(line)
        READING.validate(read)
        assert read == columns.reading(instant, values)


@given(READINGS, NAMES)
def test_ndjson_has_the_columns_asked_for_in_their_order(
    readings: dict[int, Values], names: list[str]
) -> None:
    for line in written("ndjson", readings, names).splitlines():
        assert [*json.loads(line)] == ["dt-stamp", *names]


@given(READINGS, NAMES)
def test_csv_is_read_by_pythons_reader_value_for_value(
    readings: dict[int, Values], names: list[str]
) -> None:
    text = written("csv", readings, names)
    head, *rows = csv.reader(text.splitlines(keepends=True), strict=True)
    assert head == ["dt-stamp", *(UNITS.get(name, name) for name in names)]
    for row, (instant, values) in zip(rows, readings.items(), strict=True):
        of_name = dict(zip(COLUMNS, values, strict=True))
        assert row[0] == instants.format_instant(instant)
        assert [json.loads(field) for field in row[1:]] == [of_name[name] for name in names]


@given(READINGS, NAMES)
def test_every_line_of_csv_ends_in_crlf_and_has_no_other_end_of_line(
    readings: dict[int, Values], names: list[str]
) -> None:
    lines = written("csv", readings, names).split("\r\n")
    assert len(lines) == len(readings) + 2
    assert lines[-1] == ""
    assert not any("\n" in line or "\r" in line or '"' in line for line in lines)


@pytest.mark.parametrize("kind", TEXTS)
@given(readings=READINGS, names=NAMES)
def test_a_table_is_a_text_of_its_schema(
    kind: str, readings: dict[int, Values], names: list[str]
) -> None:
    schema = SCHEMAS[TEXTS[kind]]
    text = written(kind, readings, names)
    Draft202012Validator(schema).validate(text)
    jsonschema_rs.validator_for(schema).validate(text)


EXAMPLES = [
    ("csv", "reading_table", [*COLUMNS]),
    ("csv", "two_columns_table", ["soc", "load_kwh"]),
    ("ndjson", "reading_lines", [*COLUMNS]),
    ("ndjson", "two_columns_lines", ["soc", "load_kwh"]),
]


@pytest.mark.parametrize(("kind", "name", "names"), EXAMPLES)
def test_the_examples_of_the_contract_are_written_like_this(
    kind: str, name: str, names: list[str]
) -> None:
    series: dict[str, list[Any]] = example("reading_series")
    stamps = [instants.parse(stamp) for stamp in series.pop("dt-stamp")]
    readings: Any = dict(zip(stamps, zip(*series.values(), strict=True), strict=True))
    assert written(kind, readings, names).startswith(example(name))

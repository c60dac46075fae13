"""JSON of a file: mended where it can mean one thing, told apart by the contract, faults placed."""

import json
from pathlib import Path

import pytest

import openapi
from sitewatt.exchange import documents
from sitewatt.exchange.errors import ExchangeError, FileFaults, Place
from sitewatt.exchange.mending import mend
from sitewatt.exchange.outline import Outline, place

BRIEF = Path(__file__).with_name("brief.txt").read_text()
"""The brief's three documents as it prints them."""

PRINTED_CONFIGURATION = BRIEF.partition("--- configuration ---\n")[2].partition("---")[0]

EXAMPLES = openapi.bundle()["components"]["examples"]


def value_of(name: str):
    return EXAMPLES[name]["value"]


def test_the_briefs_blocks_are_read_as_printed_and_each_mend_is_told_with_its_place() -> None:
    read = documents.read("brief.txt", BRIEF)
    assert [document.value for document in read.documents] == [
        value_of(name) for name in ("brief_sites", "brief_configuration", "brief_live")
    ]
    comma = "left out a comma with nothing after it"
    assert read.notices == [
        f"brief.txt:20:28: {comma}",
        f"brief.txt:25:23: {comma}",
        f"brief.txt:28:23: {comma}",
        f"brief.txt:32:23: {comma}",
        f"brief.txt:33:10: {comma}",
        "brief.txt:38:5: put the missing opening brace before this",
        f"brief.txt:72:6: {comma}",
        "brief.txt:72:6: put the missing closing brace after this",
    ]


def test_a_fault_of_a_mended_text_is_told_where_it_stands_in_the_file() -> None:
    read = documents.read("brief.txt", BRIEF)
    fault = read.documents[2].fault("/soc/1", "maximum", "must not be more than 100")
    assert fault.line("brief.txt") == "brief.txt:45:9: soc: must not be more than 100"


def test_strict_mends_nothing() -> None:
    with pytest.raises(FileFaults, match=r"^b:6:28: is not JSON: trailing comma"):
        documents.read("b", PRINTED_CONFIGURATION, strict=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a":1,"a":2}', "f:1:8: The body is ambiguous: an object names `a` twice."),
        ('{"soc":[1,2', "f:1:12: is not JSON: unexpected end of data"),
        ('{"soc":1,,"b":2}', "f:1:10: is not JSON"),
        ('{"soc":[1,,2]}', "f:1:11: is not JSON"),
        ('{"sites":[{"name":"x"}', "f:1:23: is not JSON"),
        ('{"soc":1,\n "load_kwh": nope}', "f:2:14: is not JSON"),
        ('"soc', "f:1:5: is not JSON"),
        ('{"colour": 1}', "f:1:1: is no document that the service takes"),
        ("17", "f:1:1: is no document that the service takes"),
    ],
)
def test_what_can_mean_more_than_one_thing_is_refused_at_its_place(text: str, said: str) -> None:
    with pytest.raises(FileFaults) as refused:
        [document.kind for document in documents.read("f", text).documents]
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("text", ["", " \n\n", "\ufeff"])
def test_an_empty_file_is_said_to_be_empty(text: str) -> None:
    with pytest.raises(ExchangeError, match="f is empty"):
        documents.read("f", text)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_json_is_never_mended(name: str) -> None:
    for text in (json.dumps(value_of(name)), json.dumps(value_of(name), indent=2)):
        assert mend(text) == (text, 0, [])


BODIES = [
    ("brief_sites", "create_sites"),
    ("new_site", "create_sites"),
    ("brief_configuration", "push_configuration"),
    ("planned_configuration", "push_configuration"),
    ("first_revision", "push_configuration"),
    ("brief_live", "push_live"),
    ("new_reading", "push_live"),
    ("latest_reading", "push_live"),
    ("reading_series", "push_live"),
    ("fleet_readings", "push_fleet"),
]


@pytest.mark.parametrize(("name", "operation"), BODIES)
def test_every_body_of_the_contract_is_told_apart(name: str, operation: str) -> None:
    [document] = documents.read("f", json.dumps(value_of(name))).documents
    assert document.kind.operation == operation


def test_documents_may_come_in_a_list_or_a_line_each() -> None:
    values = [value_of(name) for name, _ in BODIES]
    listed = documents.read("f", json.dumps(values, indent=1))
    lines = documents.read("f", "\n".join(map(json.dumps, values)) + "\n")
    for read in (listed, lines):
        assert [document.value for document in read.documents] == values
    assert lines.documents[3].fault("", "required", "x").place == Place(4, 1)
    at = listed.documents[0].fault("/sites/0/id", "minimum", "x").place
    assert json.dumps(values, indent=1).splitlines()[at.line - 1][at.column - 1 :] == "1"


def test_a_strange_member_is_told_at_its_name_and_a_wrong_value_at_the_value() -> None:
    [document] = documents.read("f", '{"dt-stamp": "x",\n  "sco": 1, "soc": 2}').documents
    assert document.fault("/sco", "additionalProperties", "x").place == Place(2, 3)
    assert document.fault("/soc", "maximum", "x").place == Place(2, 20)
    assert document.fault("", "required", "x").place == Place(1, 1)


def test_an_outline_has_the_place_of_every_value() -> None:
    text = json.dumps({"a~/b": [1, {"c": [True, None, 'x,]}\\"']}], "d": {}}, indent=3)
    outline = Outline(text)
    for at, start in [
        ("", "{"),
        ("/a~0~1b/0", "1"),
        ("/a~0~1b/1/c/2", '"x,]}'),
        ("/d", "{}"),
        ("/a~0~1b/1/c/1", "null"),
        ("/a~0~1b/9/9", "["),
    ]:
        assert text[outline.spot(at).value :].startswith(start), at
    assert place(text, outline.spot("/d").name) == Place(12, 4)


def test_many_stray_commas_are_mended_in_one_pass() -> None:
    text = '{"soc": [' + "[1,]," * 20_000 + "]}"
    mended = mend(text)
    assert len(mended.mends) == 20_001
    assert len(json.loads(mended.text)["soc"]) == 20_000

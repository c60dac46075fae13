"""JSON read strictly, and how far the explanation of a value looks into it."""

from typing import Any

import pytest

from sitewatt.contract import NotJson
from sitewatt.contract.strict_json import check, check_names, parse
from sitewatt.contract.windows import MOST_UNKNOWN, Windows, arrays_of_objects, outline

WORD = {"type": "string", "minLength": 1}


def an_object(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members}


def an_array(items: Any, most: int = 3) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "maxItems": most, "items": items}


# How far an explanation looks


def test_of_a_value_no_more_is_looked_at_than_its_schema_does() -> None:
    schema = an_object(a=an_object(b=WORD), c=an_array(WORD))
    assert outline({"a": {"b": [1]}, "c": [1], "d": [2]}, schema) == {
        "a": {"b": []},
        "c": [1],
        "d": None,
    }
    assert outline({"a": [1], "c": {"e": {"f": 1}}}, schema) == {"a": [], "c": {"e": None}}
    many = outline({str(number): 1 for number in range(500)}, schema)
    assert [*many] == [str(number) for number in range(MOST_UNKNOWN)]
    assert outline(5, schema) == 5


def test_an_array_of_objects_is_told_from_others() -> None:
    objects = an_array(an_object())
    assert arrays_of_objects(an_object(a=WORD, b=an_array(WORD), c=objects)) == {"c": objects}
    assert arrays_of_objects(WORD) == {}


def test_a_place_in_a_window_is_a_place_in_the_value() -> None:
    value = {"long": [0] * 450, "short": [0]}
    windows = Windows(value, an_object(long=an_array(WORD, 400), short=an_array(WORD)))
    assert [(start, len(window["long"])) for start, window in windows] == [(0, 200), (200, 200)]
    assert windows.oversized() == [("long", 400)]
    assert windows.place(("long", 3), 200) == ("long", 203)
    assert windows.place(("long", 3, "x"), 0) == ("long", 3, "x")
    assert windows.place(("long",), 0) == ("long",)
    assert windows.place(("short", 0), 0) == ("short", 0)
    assert windows.place(("short", 0), 200) is windows.place((), 200) is None


# JSON


@pytest.mark.parametrize(
    ("raw", "detail", "hint"),
    [
        (b" \n", "The body is empty.", "send a JSON document"),
        (b'"\xff"', "The body is not UTF-8.", "JSON is UTF-8 (RFC 8259, section 8.1)"),
        (b'{"a": 1,\n}', " at line 1 column 8.", "take away the comma at line 1 column 8"),
        (b"['a']", " at line 1 column 2.", "JSON strings stand in double quotes"),
        (b"[NaN]", " at line 1 column 2.", "numbers are finite in JSON"),
        (b"[Infinity]", " at line 1 column 2.", "numbers are finite in JSON"),
        (b"[-Infinity]", " at line 1 column 3.", "numbers are finite in JSON"),
        (b"[1e999]", " at line 1 column 2.", "numbers are finite in JSON"),
        (b"[None]", " at line 1 column 2.", "JSON writes true, false and null"),
        (b"[False]", " at line 1 column 2.", "JSON writes true, false and null"),
        (b"[True]", " at line 1 column 2.", "JSON writes true, false and null"),
        (b"[1", " at line 1 column 3.", "the document is cut short, or a bracket is not closed"),
        (b"[\n 1 2]", " at line 2 column 4.", None),
    ],
)
def test_what_is_not_json_is_told_where_and_how(raw: bytes, detail: str, hint: str | None) -> None:
    with pytest.raises(NotJson) as refusal:
        parse(raw)
    assert refusal.value.detail.endswith(detail)
    assert refusal.value.detail == str(refusal.value)
    assert refusal.value.hint == hint


def test_a_text_is_strict_that_names_nothing_twice_and_is_no_deeper_than_it_may_be() -> None:
    check(b'{"a":["b",{"c":"d"}]}', {"a": ["b", {"c": "d"}]}, depth=3)
    check(b'{"b":"\\u0061","a":["a"]}', {"b": "a", "a": ["a"]}, depth=2)
    with pytest.raises(NotJson) as refusal:
        check(b"[[1],2]", [[1], 2], depth=1)
    assert refusal.value.detail == "The body is nested deeper than 1 levels."
    with pytest.raises(NotJson) as refusal:
        check(b'[{"a\\u001b":1,"a\\u001b":2}]', [{"a\x1b": 2}], depth=2)
    assert refusal.value.detail == "The body is ambiguous: an object names `a\ufffd` twice."
    assert refusal.value.hint == "name each member of an object once"


def test_what_stands_too_deep_in_a_member_that_was_dropped_is_refused() -> None:
    with pytest.raises(NotJson) as refusal:
        check_names(b'{"a":' + b"[" * 1000 + b"]" * 1000 + b',"a":1}', 1)
    # Which of the two depends on how deep the reader of Python goes.
    assert refusal.value.detail in (
        "The body is nested too deep, in a member that is named twice.",
        "The body is ambiguous: an object names `a` twice.",
    )

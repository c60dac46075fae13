"""The texts of a path, a query and headers: what they mean, and what is said of them."""

from typing import Any

import pytest

from sitewatt.contract import BadParameters
from sitewatt.contract.faults import Fault
from sitewatt.contract.parameters import Parameter, Parameters

CSV = "text/csv"
INTEGER = {"type": "integer", "minimum": -5, "maximum": 10**19}
INSTANT = {"type": "string", "format": "instant"}
WORDS = {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "maxItems": 2}


def declared(name: str, schema: dict[str, Any], in_: str = "query", **said: Any) -> dict[str, Any]:
    return {"name": name, "in": in_, "schema": schema, **said}


NOTHING = {"from_": None, "columns": None, "separator": None, "if_match": None}
DAY, NEXT = 1_672_531_200, 1_672_617_600


def all_of_them() -> Parameters:
    return Parameters(
        [
            declared("site_id", {"type": "integer", "minimum": 1}, "path", required=True),
            declared("from", INSTANT, **{"x-before": "to"}),
            declared("to", INSTANT, required=True),
            declared("limit", {**INTEGER, "default": 9}, **{"x-default-for": "application/json"}),
            declared("columns", WORDS),
            declared("separator", {"type": "string"}, **{"x-media-type": CSV}),
            declared("If-Match", {"type": "string", "minLength": 2}, "header"),
        ]
    )


def faults(query: bytes, media_type: str | None = None, **headers: str) -> list[Fault]:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    with pytest.raises(BadParameters) as refusal:
        all_of_them().read({"site_id": "7"}, query, named, media_type)
    assert str(refusal.value) == f"{len(refusal.value.faults)} parameters are at fault"
    return refusal.value.faults


def fault(schema: dict[str, Any], text: str, in_: str = "query") -> Fault:
    with pytest.raises(BadParameters) as refusal:
        Parameter(declared("word", schema, in_)).read(text)
    (only,) = refusal.value.faults
    return only


def test_the_values_of_a_request_are_read_by_the_names_of_their_arguments() -> None:
    query = b"from=2023-01-01+00:00:00&&to=2023-01-02T01:00:00%2B01:00&limit=3&columns=a%2Cb"
    read = all_of_them().read({"site_id": "7"}, query, {"if-match": '""', "host": "x"})
    given = {"site_id": 7, "from_": DAY, "to": NEXT, "limit": 3, "columns": ["a", "b"]}
    assert read == {**NOTHING, **given, "if_match": '""'}
    assert all_of_them().arguments == [*given, "separator", "if_match"]


@pytest.mark.parametrize(("media_type", "limit"), [("application/json", 9), (None, 9), (CSV, None)])
def test_what_is_not_there_is_its_default_or_none(
    media_type: str | None, limit: int | None
) -> None:
    read = all_of_them().read({"site_id": "7"}, b"to=2023-01-02T00:00:00Z", {}, media_type)
    assert read == {**NOTHING, "site_id": 7, "to": NEXT, "limit": limit}


def test_the_media_types_that_parameters_are_for_are_known() -> None:
    assert all_of_them().media_types == {CSV, "application/json"}
    assert Parameters([declared("limit", INTEGER)]).media_types == set()


def test_a_parameter_for_one_media_type_is_out_of_place_with_another() -> None:
    query = b"to=2023-01-02T00:00:00Z&separator=;"
    said = "is taken only where the answer is text/csv"
    hint = "leave it out, or ask with the header Accept: text/csv"
    odd = [Fault("query", "separator", "x-media-type", said, hint)]
    assert faults(query, "application/json") == odd
    for media_type in (CSV, None):
        assert all_of_them().read({"site_id": "7"}, query, {}, media_type)["separator"] == ";"


def test_a_required_parameter_of_another_media_type_is_not_missing() -> None:
    both = {"required": True, "x-media-type": CSV}
    parameters = Parameters([declared("separator", {"type": "string"}, **both)])
    assert parameters.read({}, b"", {}, "application/json") == {"separator": None}
    with pytest.raises(BadParameters) as refusal:
        parameters.read({}, b"", {}, CSV)
    assert refusal.value.faults == [Fault("query", "separator", "required", "is missing")]


def test_everything_that_is_wrong_is_told_in_its_order() -> None:
    assert faults(b"lmit=1&limit=x&limit=2&%FF=1&limit=2&columns=%ff", if_match="x") == [
        Fault("query", "lmit", "unknown", "is not known here", "did you mean `limit`?"),
        Fault(
            *("query", "limit", "type", "must be an integer"),
            "digits only, without leading zeros",
        ),
        Fault("query", "limit", "repeated", "must be given once"),
        Fault("query", "?", "encoding", "is not UTF-8 in percent-encoding"),
        Fault("query", "limit", "repeated", "must be given once"),
        Fault("query", "?", "encoding", "is not UTF-8 in percent-encoding"),
        Fault("header", "If-Match", "minLength", "must have at least 2 characters"),
        Fault("query", "to", "required", "is missing"),
    ]


def test_a_wrong_parameter_is_not_missing_and_a_nameless_one_is_unknown() -> None:
    (nameless, wrong) = faults(b"=1&to=never")
    assert nameless == Fault("query", "?", "unknown", "is not known here")
    assert wrong == Fault("query", "to", "format", "is not a time stamp")


def test_a_wrong_text_of_a_path_is_told() -> None:
    with pytest.raises(BadParameters) as refusal:
        all_of_them().read({"site_id": "0"}, b"to=2023-01-02T00:00:00Z", {})
    told = Fault("path", "site_id", "minimum", "must not be less than 1")
    assert refusal.value.faults == [told]


def test_a_text_may_have_the_sign_that_ends_a_name() -> None:
    query = b"to=2023-01-02T00:00:00Z&separator=a=b"
    assert all_of_them().read({"site_id": "7"}, query, {}, CSV)["separator"] == "a=b"


def test_a_parameter_is_judged_by_no_clock() -> None:
    late = {**INSTANT, "x-not-after-now": 0}
    assert Parameter(declared("word", late)).read("2023-01-01T00:00:00Z") == DAY
    many = {"type": "array", "items": INSTANT, "maxItems": 1, "x-not-after-now": 0}
    assert fault(many, "2023-01-01T00:00:00Z,2023-01-02T00:00:00Z").keyword == "maxItems"


def test_an_end_before_the_beginning_is_told_and_one_at_it_is_not() -> None:
    query = b"from=2023-01-02T00:00:01Z&to=2023-01-02T00:00:00Z"
    wrong = [Fault("query", "from", "x-before", "lies after `to`", "exchange the two?")]
    assert faults(query) == wrong
    assert all_of_them().read({"site_id": "7"}, query.replace(b"01Z", b"00Z"), {})["from_"] == NEXT


def test_after_a_hundred_faults_nothing_more_is_read() -> None:
    assert len(faults(b"&".join([b"x=1"] * 99))) == 100
    assert len(faults(b"&".join([b"x=1"] * 100))) == 101
    assert len(faults(b"&".join([b"x=1"] * 500))) == 101
    assert len(faults(b"&".join([b"to=2023-01-02T00:00:00Z", *[b"x=1"] * 101]))) == 101


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("-5", -5), ("9" * 19, int("9" * 19))])
def test_an_integer_is_digits(text: str, value: int) -> None:
    assert Parameter(declared("word", INTEGER)).read(text) == value


@pytest.mark.parametrize("text", ["", "-0", "00", "+1", "1.0", "1_0", "9" * 20, "\u0661", " 1"])
def test_what_is_not_digits_alone_is_no_integer(text: str) -> None:
    hint = "digits only, without leading zeros"
    assert fault(INTEGER, text) == Fault("query", "word", "type", "must be an integer", hint)


def test_an_integer_out_of_its_limits_says_which() -> None:
    assert fault(INTEGER, "-6") == Fault("query", "word", "minimum", "must not be less than -5")


@pytest.mark.parametrize("text", ["True", "1", "", "yes"])
def test_a_boolean_has_two_spellings(text: str) -> None:
    flag = Parameter(declared("word", {"type": "boolean"}))
    assert (flag.read("true"), flag.read("false")) == (True, False)
    told = Fault("query", "word", "type", "must be a boolean", "`true` or `false`")
    assert fault({"type": "boolean"}, text) == told


def test_a_list_is_what_stands_between_commas() -> None:
    assert Parameter(declared("word", WORDS)).read("b,a") == ["b", "a"]
    told = Fault("query", "word", "enum", "must be `a` or `b`", "did you mean `a`?")
    assert fault(WORDS, "b,A") == told
    assert fault(WORDS, "a,b,a").keyword == "maxItems"


def test_a_plus_that_was_a_space_is_explained_in_a_query_alone() -> None:
    stamp = "2023-01-01T00:00:00 01:00"
    assert fault(INSTANT, stamp).hint == "a + is written %2B in a URL"
    assert fault(INSTANT, stamp.replace(" ", "x")).hint is None
    assert fault(INSTANT, stamp, "header").hint is None
    assert fault({"type": "string", "maxLength": 2}, "a b").hint is None
    described = {**INSTANT, "example": "2023-01-01T00:00:00Z"}
    assert fault(described, "never").hint == "for example `2023-01-01T00:00:00Z`"

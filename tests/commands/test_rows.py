"""Rows of CSV and NDJSON: read in batches, by column, each with its place in the file."""

import io
import json
from pathlib import Path

import pytest

from handlers import tables
from handlers.instants import parse
from sitewatt.exchange import documents, rehearsal, sources
from sitewatt.exchange.backfill import check_site
from sitewatt.exchange.batches import Batch
from sitewatt.exchange.csv_rows import CsvRows
from sitewatt.exchange.errors import ExchangeError, FileFaults, Place
from sitewatt.exchange.kinds import columns, most_rows, most_sites
from sitewatt.exchange.line_rows import LineRows
from sitewatt.exchange.lines import LONGEST_LINE, Lines
from sitewatt.exchange.sources import opened
from storage import Series

HEAD = "dt-stamp,soc,load_kwh,net_load_kwh,pv_notification,bio_notification,cro_notification"
ROW = "2023-01-01 00:{:02}:00,{},350,400.5,true,false,false"


def csv_rows(*lines: str, end: str = "\n") -> CsvRows:
    return CsvRows(lines_of(*lines, end=end))


def lines_of(*lines: str, end: str = "\n") -> Lines:
    return Lines("f", io.BytesIO("".join(line + end for line in lines).encode()))


def only(rows: CsvRows | LineRows, size: int = 100) -> Batch:
    [batch] = rows.batches(size)
    return batch


def reading(**changed: object) -> str:
    value = {"dt-stamp": "2023-01-01 00:00:00", "soc": 1, "load_kwh": 2, "net_load_kwh": 3}
    flags = dict.fromkeys(["pv_notification", "bio_notification", "cro_notification"], True)
    return json.dumps(value | flags | changed)


def test_the_columns_and_the_limits_are_those_of_the_contract() -> None:
    assert ",".join(column.name for column in columns()) == HEAD
    assert (most_rows(), most_sites()) == (10_000, 1_000)


# CSV


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_by_column_with_the_types_of_the_contract(end: str) -> None:
    batch = only(csv_rows(HEAD, ROW.format(0, 0), ROW.format(10, 12.5), end=end))
    assert batch.columns == {
        "dt-stamp": ["2023-01-01 00:00:00", "2023-01-01 00:10:00"],
        "soc": [0, 12.5],
        "load_kwh": [350, 350],
        "net_load_kwh": [400.5, 400.5],
        "pv_notification": [True, True],
        "bio_notification": [False, False],
        "cro_notification": [False, False],
    }
    assert [origin.line for origin in batch.origins] == [2, 3]
    assert isinstance(batch.columns["load_kwh"][0], int)


def test_csv_of_the_service_is_read_with_its_units() -> None:
    columns_ = [[1, 2.5], [3, 4], [5, 6], [True, False], [False, False], [True, True]]
    table = tables.csv(HEAD.split(",")[1:])
    raw = table.head.encode() + table.lines(Series([0, 600], columns_), HEAD.split(",")[1:])
    batch = only(CsvRows(Lines("f", io.BytesIO(raw))))
    assert [*batch.columns.values()][1:] == columns_
    assert batch.columns["dt-stamp"] == ["1970-01-01T00:00:00Z", "1970-01-01T00:10:00Z"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["id", "site", "site_id"])
def test_columns_may_come_in_any_order_with_a_site_among_them(delimiter: str, name: str) -> None:
    names = [*reversed(HEAD.split(",")), name]
    cells = ["0", "FALSE", "True", " 7 ", "+.5", "1e2", "2023-01-01T00:00:00+02:00", "3"]
    rows = csv_rows(delimiter.join(names), delimiter.join(cells))
    assert rows.names_sites
    batch = only(rows)
    assert batch.columns["id"] == [3]
    assert batch.columns["dt-stamp"] == ["2023-01-01T00:00:00+02:00"]
    assert [batch.columns[column.name][0] for column in columns()[1:]] == [
        100, 0.5, 7, True, False, False,
    ]  # fmt: skip


def test_what_is_not_spelt_as_its_column_asks_for_is_handed_on_as_text() -> None:
    cells = ["", "1,5", "NaN", "1e999", "0x1", "yes", "2"]
    quoted = ",".join(f'"{cell}"' for cell in cells)
    batch = only(csv_rows(HEAD, quoted, ROW.format(0, 1)))
    assert [values[0] for values in batch.columns.values()] == cells
    assert [values[1] for values in batch.columns.values()][1:4] == [1, 350, 400.5]


def test_odd_quotes_in_two_rows_are_of_these_rows_and_the_others_are_numbers() -> None:
    odd = ['2023,"""a",1,1,true,false,false', '2023,"b""",1,1,true,false,false']
    text = [HEAD, ROW.format(0, 1), odd[0], ROW.format(1, 2), odd[1], ROW.format(2, 3)]
    assert only(csv_rows(*text)).columns["soc"] == [1, '"a', 2, 'b"', 3]


def test_words_that_are_values_in_json_are_texts_where_csv_has_a_number() -> None:
    text = [HEAD + ",id", ROW.format(0, "null") + ",true", ROW.format(1, 2) + ",1"]
    batch = only(csv_rows(*text))
    assert (batch.columns["soc"], batch.columns["id"]) == (["null", 2], ["true", 1])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["dt-stamp,soc,lod_kwh"], "f:1:14: `lod_kwh` is not a column of readings (did you mean"),
        ([f"{HEAD}\r{ROW.format(0, 1)}\r"], "f:1:85: the lines end with CR alone"),
        (["x" * 131_073], "f:1:1: is not CSV: field larger than"),
        ([HEAD + ",soc"], "f:1:86: `soc` is here a second time"),
        (["id,dt-stamp,soc"], "f:1:1: the first line names the columns, and has no `load_kwh`"),
        ([""], "f:1:1: the first line names the columns, and has no `dt-stamp`"),
        ([HEAD, ROW.format(0, 1), '"2023'], "f:3:1: is not CSV"),
        ([HEAD, "x" * (LONGEST_LINE + 1)], "f:2:1048577: the line is longer than"),
    ],
)
def test_csv_that_cannot_be_read_is_refused_at_its_place(lines: list[str], said: str) -> None:
    with pytest.raises(FileFaults) as refused:
        [*csv_rows(*lines).batches(10)]
    assert str(refused.value).startswith(said)


def test_a_column_that_comes_twice_is_not_told_to_have_meant_itself() -> None:
    with pytest.raises(FileFaults, match=r"second time$"):
        csv_rows(HEAD + ",soc")


def test_bytes_that_are_no_utf_8_are_told_with_line_and_column() -> None:
    lines = Lines("f", io.BytesIO(f"{HEAD}\n2023é".encode() + b"\xff\n"))
    with pytest.raises(FileFaults, match=r"^f:2:6: the file is not UTF-8$"):
        [*CsvRows(lines).batches(10)]


def test_a_row_with_too_few_fields_is_unread_and_the_others_are_read() -> None:
    batch = only(csv_rows(HEAD, ROW.format(0, 1), "2023-01-01,5", "", ROW.format(10, 2)))
    assert batch.columns["soc"] == [1, 2]
    [refused] = batch.unread
    assert refused.fault.line("f") == "f:3:1: the row has 2 fields, the first line has 7"
    assert refused.origin.text == "2023-01-01,5\n"
    assert [origin.line for origin in batch.origins] == [2, 5]


def test_a_value_has_its_place_also_after_quotes_and_line_ends_in_them() -> None:
    batch = only(csv_rows(HEAD, '"2023,\n01",101,350,400,true,false,false', ROW.format(0, 1)))
    first, second = batch.origins
    assert (first.line, second.line) == (2, 4)
    assert batch.place(first, "dt-stamp") == Place(2, 1)
    assert batch.place(first, "soc") == Place(3, 5)
    assert batch.place(second, "soc") == Place(4, 21)
    assert batch.place(second, "cro_notification") == Place(4, 44)


def test_an_empty_cell_at_the_end_of_a_file_is_behind_its_last_delimiter() -> None:
    row = ROW.format(0, 1).removesuffix("false")
    batch = only(CsvRows(Lines("f", io.BytesIO(f"{HEAD}\n{row}".encode()))))
    assert batch.place(batch.origins[0], "cro_notification") == Place(2, len(row) + 1)


def test_a_cell_that_a_stray_quote_hides_is_told_at_the_end_of_its_row() -> None:
    row = ROW.format(0, 101).replace("2023", '2023"')
    batch = only(csv_rows(HEAD, row))
    assert batch.columns["soc"] == [101]
    assert batch.place(batch.origins[0], "soc") == Place(2, len(row) + 1)


# NDJSON


def test_ndjson_is_read_by_column() -> None:
    rows = LineRows(lines_of(reading(soc=1), "", reading(soc=2.5)))
    assert not rows.names_sites
    batch = only(rows)
    assert batch.columns["soc"] == [1, 2.5]
    assert [origin.line for origin in batch.origins] == [1, 3]
    assert batch.place(batch.origins[1], "soc") == Place(3, reading().index('"soc": ') + 8)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "f:2:2: is not JSON: unexpected end of data"),
        ('{"soc":1,"soc":2}', "f:2:10: The body is ambiguous: an object names `soc` twice."),
        (reading(sco=1), "sco: is not known here (did you mean `soc`?)"),
        ('{"soc": 1}', "f:2:1: `dt-stamp` is missing"),
        ("[]", "f:2:1: must be an object"),
        ("7", "f:2:1: must be an object"),
    ],
)
def test_a_line_that_is_no_reading_is_unread_and_says_why(line: str, said: str) -> None:
    batch = only(LineRows(lines_of(reading(), line, reading())))
    [refused] = batch.unread
    assert said in refused.fault.line("f")
    assert len(batch.origins) == 2


def test_lines_of_many_sites_all_have_the_site() -> None:
    batch = only(LineRows(lines_of(reading(id=1), reading(), reading(id=2))))
    assert batch.columns["id"] == [1, 2]
    assert batch.unread[0].fault.line("f") == "f:2:1: `id` is missing, which the first line has"


def test_a_line_of_a_site_with_a_strange_member_is_told_at_its_name() -> None:
    line = reading(sco=1, id=2)
    batch = only(LineRows(lines_of(reading(id=1), line)))
    [refused] = batch.unread
    column = line.index('"sco"') + 1
    assert refused.fault.line("f").startswith(f"f:2:{column}: sco: is not known here")


@pytest.mark.parametrize("id_", [True, [1], {}, "1", None, 1.5])
def test_a_line_whose_site_is_no_integer_is_unread_and_the_others_keep_theirs(id_: object) -> None:
    batch = only(LineRows(lines_of(reading(id=1), reading(id=id_), reading(id=1.0))))
    [refused] = batch.unread
    column = reading(id=1).index('"id": ') + 7
    assert refused.fault.line("f") == f"f:2:{column}: id: must be an integer"
    [fleet] = batch.fleets([0, 1], None)
    assert [entry["id"] for entry in fleet.document["sites"]] == [1]


@pytest.mark.parametrize("id_", [True, [1], {}])
def test_a_rehearsal_takes_no_other_value_for_the_id_of_a_new_site(id_: object) -> None:
    text = json.dumps({"sites": [{"id": id_, **json.loads(reading())}]})
    [document] = documents.read("f", text, strict=True).documents
    assert not rehearsal.is_for_new_sites(document, {1}, None)


@pytest.mark.parametrize("text", [[], ["", " ", ""]])
def test_ndjson_without_one_line_is_empty(text: list[str]) -> None:
    with pytest.raises(ExchangeError, match=r"^f is empty$"):
        LineRows(lines_of(*text))


def test_it_is_said_once_and_not_twice_of_which_site_rows_are() -> None:
    named, unnamed = csv_rows(HEAD + ",id"), csv_rows(HEAD)
    check_site(named, None)
    check_site(unnamed, 7)
    with pytest.raises(ExchangeError, match="leave --site away"):
        check_site(named, 7)
    with pytest.raises(ExchangeError, match="give --site ID"):
        check_site(unnamed, None)


# Batches


def test_rows_become_bodies_by_site_and_a_fault_leads_back_to_its_row() -> None:
    text = [HEAD + ",id", *(ROW.format(n, n) + f",{n % 3}" for n in range(9))]
    batch = only(csv_rows(*text))
    [fleet] = batch.fleets([0, 1, 2, 4, 5, 7], None)
    assert [entry["id"] for entry in fleet.document["sites"]] == [0, 1, 2]
    assert fleet.document["sites"][1]["soc"] == [1, 4, 7]
    fault = {"pointer": "/sites/1/soc/2", "detail": "must not be more than 100", "hint": "h"}
    [(row, refused)] = batch.broken(fleet, fault)
    assert row == 7
    assert refused.fault.line("f") == "f:9:21: soc: must not be more than 100 (h)"
    of_site = batch.broken(fleet, {"pointer": "/sites/2/id", "detail": "x"})
    assert [row for row, _ in of_site] == [2, 5]
    assert batch.broken(fleet, {"pointer": "", "detail": "x"}) == []
    assert batch.by_instant(fleet)[2, parse("2023-01-01T00:05:00Z")] == 5


def test_a_batch_of_more_sites_than_a_body_takes_makes_several_bodies() -> None:
    text = [HEAD + ",id", *(ROW.format(0, 1) + f",{n}" for n in range(2_500))]
    fleets = [*only(csv_rows(*text), 5_000).fleets(range(2_500), None)]
    assert [len(fleet.document["sites"]) for fleet in fleets] == [1_000, 1_000, 500]
    assert fleets[2].rows[0] == [2_000]


def test_reading_goes_on_at_a_mark_and_only_in_the_same_file() -> None:
    text = [HEAD, *(ROW.format(n, n) for n in range(9))]
    first, *_ = csv_rows(*text).batches(4)
    again = lines_of(*text)
    rows = CsvRows(again)
    again.go_on(first.end)
    batch = only(rows)
    assert batch.columns["soc"] == [4, 5, 6, 7, 8]
    assert batch.origins[0].line == 6
    [whole] = csv_rows(*text).batches(100)
    assert batch.end == whole.end
    for changed in ([HEAD, *reversed(text[1:])], text[:3]):
        with pytest.raises(ExchangeError, match="is not the file whose import was begun"):
            lines_of(*changed).go_on(first.end)


def test_ndjson_goes_on_at_a_mark_too() -> None:
    text = [reading(soc=n) for n in range(9)]
    first, *_ = LineRows(lines_of(*text)).batches(4)
    again = lines_of(*text)
    rows = LineRows(again)
    again.go_on(first.end)
    assert only(rows).columns["soc"] == [4, 5, 6, 7, 8]
    assert only(LineRows(lines_of(*text))).columns["soc"] == [*range(9)]


# What a file is


@pytest.mark.parametrize(
    ("name", "content", "format_"),
    [
        ("a.csv", "x", "csv"),
        ("a.CSV", "x", "csv"),
        ("a", HEAD, "csv"),
        ("a", "id;" + HEAD, "csv"),
        ("a", '{"a": 1}', "json"),
        ("a.jsonl", reading(), "ndjson"),
        ("a.ndjson", '{"sites": []}', "json"),
        ("a.ndjson", "", "ndjson"),
        ("a", reading() + "\n" + reading(), "ndjson"),
        ("a", reading() + '\n{"sites": []}', "json"),
        ("a.json", reading() + "\n" + reading(), "json"),
        ("a", "--- sites ---\n", "json"),
        ("a", "A title\n--- sites ---\n", "json"),
        ("a", '"soc": [', "json"),
    ],
)
def test_what_a_file_is_is_told_by_its_name_and_its_beginning(
    name: str, content: str, format_: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_text(content)
    with opened(str(file)) as source:
        assert source.format == format_
    with opened(str(file), "csv") as source:
        assert source.format == "csv"


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(ExchangeError, match="cannot be read: No such file"),
        opened(str(tmp_path / "none")),
    ):
        pass


def test_what_another_file_lacks_is_not_said_of_this_one(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEAD)
    with pytest.raises(FileNotFoundError), opened(str(file)):
        (tmp_path / "other").read_text()


def test_json_that_is_too_long_to_be_read_whole_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LONGEST_TEXT", 1_000)
    file = tmp_path / "a.json"
    for size, refused in ((1_000, False), (1_001, True)):
        file.write_text("1" * size)
        with opened(str(file)) as source:
            if refused:
                with pytest.raises(ExchangeError, match=r"is longer than 1,000 bytes of JSON$"):
                    source.text()
            else:
                assert len(source.text()) == size


def test_a_document_that_is_no_utf_8_is_told_with_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes('{\n"é": "'.encode() + b"\xe9")
    with (
        pytest.raises(ExchangeError, match=r"a\.json:2:7: the file is not UTF-8$"),
        opened(str(file)) as source,
    ):
        source.text()


def test_what_is_no_stamp_names_no_instant() -> None:
    stamps = ["2023-01-01 00:10:00", "yesterday", None]
    assert rehearsal.rows_by_instant(stamps) == {parse("2023-01-01T00:10:00Z"): 0, None: 2}
    assert rehearsal.rows_by_instant(stamps[0]) == {parse("2023-01-01T00:10:00Z"): 0}

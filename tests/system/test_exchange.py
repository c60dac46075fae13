"""`sitewatt push | get | export | import` against the real program."""

import contextlib
import csv
import io
import json
import os
import pty
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest
from ledger import COLUMNS, row
from program import ROOT, SITEWATT, Service, data_directory, environment, eventually, example

from sitewatt.cli import main

HEAD = ",".join(COLUMNS)
BRIEF = ROOT / "tests" / "commands" / "brief.txt"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with data_directory() as data, Service("--data-dir", data) as service:
        yield service


@pytest.fixture
def site(service: Service) -> int:
    """A site of the test's own."""
    created = service.client.post("/v1/sites", json={"name": "A", "location": "north"})
    return int(created.json()["id"])


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def said(service: Service, *words: object, **settings: Any) -> Done:
    """What a command says, and its exit code; it runs in this process, which starts faster."""
    out, err = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    variables = environment(**{"url": service.url, **settings})
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.dict(os.environ, variables, clear=True),
    ):
        code = main([str(word) for word in words])
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]
    return Done(code, *texts)


def table(numbers: "range | list[int]", site: int | None = None) -> list[str]:
    """Lines of CSV, the first one the heading; with a site, each of it."""
    lines = [HEAD if site is None else f"id,{HEAD}"]
    for number in numbers:
        stamp, values = row(number)
        cells = [stamp, *(str(value).lower() for value in values)]
        lines.append(",".join(cells if site is None else [str(site), *cells]))
    return lines


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def stored(service: Service, site: int) -> dict[str, tuple[Any, ...]]:
    """All readings of a site by their stamps; none is there twice."""
    answer = service.client.get(f"/v1/sites/{site}/live", headers={"Accept": "text/csv"})
    rows = [*csv.reader(answer.text.splitlines())][1:]
    found = {cells[0]: tuple(json.loads(cell) for cell in cells[1:]) for cells in rows}
    assert len(found) == len(rows)
    return found


# push


def test_the_briefs_blocks_are_pushed_as_printed(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "brief.txt"
    shutil.copy(BRIEF, file)
    dry = said(service, "push", file, "--site", "1", "--dry-run")
    assert dry.returncode == 0
    assert "site 1 (Willo Woods) would be created" in dry.stdout
    assert service.client.get("/v1/sites/1").status_code == 404
    homeless = said(service, "push", file)
    assert f"sitewatt: {file}:37:1: does not say which site it is of" in homeless.stderr
    assert service.client.get("/v1/sites/1").status_code == 404
    pushed = said(service, "push", file, "--site", "1")
    assert pushed.returncode == 0, pushed.stderr
    assert pushed.stdout.splitlines() == [
        "site 1 (Willo Woods) is there",
        "site 1: configuration is recorded, revision 1",
        "3 readings: 3 stored, 0 unchanged",
    ]
    assert f"{file}:38:5: put the missing opening brace before this" in pushed.stderr
    assert len(pushed.stderr.splitlines()) == 8
    again = said(service, "push", file, "--site", "1", "--dry-run").stdout
    assert "site 1 (Willo Woods) is there already\n" in again
    assert "site 1: configuration is in force already\n" in again
    assert "3 readings: 0 would be stored, 3 unchanged\n" in again
    assert service.client.get("/v1/sites/1/live").json()["soc"] == [0, 10, 20]


def test_faults_that_the_service_finds_are_told_by_line_and_column(
    service: Service, site: int, tmp_path: Path
) -> None:
    text = json.dumps(example("brief_live"), indent=2)
    file = tmp_path / "live.json"
    file.write_text(text.replace('"2023-01-01 00:10:00"', '"2023-01-01"').replace("20", "120"))
    refused = said(service, "push", file, "--site", site)
    assert refused.returncode == 1
    lines = refused.stderr.splitlines()
    assert f"{file}:10:5: soc: must not be more than 100" in lines[-1]
    assert lines[0].startswith(f"sitewatt: {file}:")
    assert stored(service, site) == {}


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_fault_in_sites_or_a_configuration_is_told_by_line_and_column(
    service: Service, site: int, dry: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "configuration.json"
    document = {**example("brief_configuration"), "id": site}
    document["battery"] = {**document["battery"], "vendor": "Tesler"}
    file.write_text(json.dumps(document, indent=1))
    refused = said(service, "push", file, *dry)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"sitewatt: {file}:4:13: battery: must be `Tesla` or `KATL` (did you mean `Tesla`?)\n"
    )


def test_rows_in_conflict_are_told_and_the_others_are_stored(
    service: Service, site: int, tmp_path: Path
) -> None:
    said(service, "push", written(tmp_path / "a.csv", table(range(3))), "--site", site)
    lines = table(range(6))
    lines[2] = lines[2].replace(",1,", ",77,", 1)
    file = written(tmp_path / "b.csv", lines)
    dry = said(service, "push", file, "--site", site, "--dry-run")
    assert "6 readings: 3 would be stored, 2 unchanged, 1 in conflict" in dry.stdout
    pushed = said(service, "push", file, "--site", site)
    assert pushed.returncode == 1
    assert f"{file}:3:22: other values are stored for this moment: soc\n" in pushed.stderr
    assert len(stored(service, site)) == 6
    replaced = said(service, "push", file, "--site", site, "--on-conflict", "replace")
    assert replaced.returncode == 0
    assert "6 readings: 0 stored, 5 unchanged, 1 replaced" in replaced.stdout
    columns = {
        "dt-stamp": [row(1)[0]],
        **{n: [v] for n, v in zip(COLUMNS[1:], row(1)[1], strict=True)},
    }
    file.write_text(json.dumps(columns))
    pushed = said(service, "push", file, "--format", "json", "--site", site)
    assert f"{file}:1:" in pushed.stderr
    assert "other values are stored for this moment: soc" in pushed.stderr


def test_conflicts_of_documents_are_told_at_the_first_column_that_differs(
    service: Service, site: int, tmp_path: Path
) -> None:
    other = int(service.client.post("/v1/sites", json={"name": "B", "location": "n"}).json()["id"])
    file, live = tmp_path / "a.json", example("brief_live")
    file.write_text(json.dumps({"sites": [{"id": one, **live} for one in (site, other)]}))
    assert "6 readings: 6 stored" in said(service, "push", file).stdout
    changed = {**live, "soc": [*live["soc"][:2], 99]}
    sites = [{"id": site, **live}, {"id": other, **changed}]
    file.write_text(json.dumps({"sites": sites}, indent=0))
    pushed = said(service, "push", file)
    assert (pushed.returncode, pushed.stdout.startswith("6 readings:")) == (1, True)
    line = file.read_text().splitlines().index("99") + 1
    told = f"{file}:{line}:1: sites: other values are stored for this moment: soc"
    assert pushed.stderr.splitlines()[:-1] == [told]
    reading = {name: value[0] if isinstance(value, list) else value for name, value in live.items()}
    file.write_text(json.dumps({**reading, "load_kwh": 77}, indent=0))
    pushed = said(service, "push", file, "--site", site)
    line = file.read_text().splitlines().index('"load_kwh": 77,') + 1
    assert f"{file}:{line}:13: load_kwh: other values are stored for this mom" in pushed.stderr


def test_a_fleet_that_is_refused_is_told_by_line_and_column_and_nothing_of_it_is_stored(
    service: Service, site: int, tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    live = example("brief_live")
    sites = [{"id": site, **live}, {"id": site + 1, **live, "soc": [0, 10, 101]}]
    file.write_text(json.dumps({"sites": sites}, indent=0))
    line = file.read_text().splitlines().index("101") + 1
    refused = said(service, "push", file)
    assert (refused.returncode, f"{file}:{line}:1: " in refused.stderr) == (1, True)
    assert stored(service, site) == {}


def test_a_table_that_cannot_be_read_or_names_no_site_of_the_service_stores_nothing(
    service: Service, site: int, tmp_path: Path
) -> None:
    lines = table(range(4), site)
    file = written(tmp_path / "a.csv", [*lines, "1,2"])
    unread = said(service, "push", file)
    assert unread.returncode == 1
    assert f"{file}:6:1: the row has 2 fields, the first line has 8" in unread.stderr
    assert "Nothing of the file is stored." in unread.stderr
    file = written(tmp_path / "b.csv", [*lines, *table([1], 888_888)[1:]])
    homeless = said(service, "push", file)
    assert homeless.returncode == 1
    assert f"{file}:6:1: there is no such site" in homeless.stderr
    assert stored(service, site) == {}


def test_a_rehearsal_says_what_is_there_already_and_what_would_be_the_first(
    service: Service, site: int, tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"id": site, "name": "Other", "location": "north"}))
    dry = said(service, "push", file, "--dry-run")
    assert dry.returncode == 1
    assert f"site {site} (Other) is there with another name: nothing would" in dry.stdout
    file.write_text(json.dumps({**example("brief_configuration"), "id": site}))
    dry = said(service, "push", file, "--dry-run")
    assert f"site {site}: configuration would be the first one\n" in dry.stdout


def test_a_table_with_a_fault_ends_there_and_says_what_is_stored(
    service: Service, site: int, tmp_path: Path
) -> None:
    lines = table(range(6), site)
    lines[5] = lines[5].replace("true", "perhaps").replace("false", "perhaps")
    file = written(tmp_path / "a.csv", lines)
    refused = said(service, "push", file, "--batch", "2")
    assert refused.returncode == 1
    assert f"{file}:6:" in refused.stderr
    assert "pv_notification: must be a boolean" in refused.stderr
    assert "4 readings before these are stored; of the rest none is." in refused.stderr
    assert len(stored(service, site)) == 4


def test_long_columns_are_pushed_in_parts_and_a_fault_keeps_its_place(
    service: Service, site: int, tmp_path: Path
) -> None:
    rows = dict(row(number) for number in range(10_500))
    columns = {"dt-stamp": [*rows]}
    columns |= {n: [v[i] for v in rows.values()] for i, n in enumerate(COLUMNS[1:])}
    columns["soc"][10_200] = -1
    file = tmp_path / "long.json"
    file.write_text(json.dumps(columns, indent=0))
    refused = said(service, "push", file, "--site", site)
    line = file.read_text().splitlines().index("-1,") + 1
    assert f"{file}:{line}:1: soc: must not be less than 0" in refused.stderr
    columns["soc"][10_200] = 1
    file.write_text(json.dumps(columns))
    assert (
        "10,500 readings: 500 stored, 10,000 unchanged"
        in said(service, "push", file, "--site", site).stdout
    )


def test_standard_input_and_every_kind_of_document_is_taken(service: Service, site: int) -> None:
    fleet = {"sites": [{"id": site, **example("brief_live")}]}
    pushed = subprocess.run(
        [SITEWATT, "push", "-", "--site", str(site)],
        input="\n".join(json.dumps(one) for one in (example("new_reading"), fleet)),
        env=environment(url=service.url),
        capture_output=True,
        text=True,
    )
    assert pushed.returncode == 0, pushed.stderr
    assert len(pushed.stdout.splitlines()) == 2


# What is wrong outside of the file


def test_a_service_that_is_not_there_and_a_key_that_is_not_there_are_sentences(
    service: Service, tmp_path: Path
) -> None:
    refused = said(service, "get", "sites", url="ftp://x")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "begins with http:// or https://" in refused.stderr
    refused = said(service, "get", "sites", key_file=tmp_path / "none")
    assert "cannot be read" in refused.stderr
    (tmp_path / "key").write_text("two words\n")
    refused = said(service, "get", "sites", "--key-file", tmp_path / "key")
    assert "must hold a key" in refused.stderr
    assert "two words" not in refused.stderr
    refused = said(service, "get", "site", "999999")
    assert (refused.returncode, refused.stderr.count("Traceback")) == (1, 0)
    assert "404 No such site" in refused.stderr
    refused = said(service, "get", "site")
    assert refused.stderr == "sitewatt: which site? sitewatt get site ID\n"


def test_the_key_comes_from_a_file(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a-key-of-thirty-two-characters-12\n")
    with data_directory() as data, Service("--data-dir", data, admin_key_file=key) as guarded:
        assert "401" in said(guarded, "get", "sites").stderr
        rows = written(tmp_path / "a.csv", table(range(2)))
        assert "401" in said(guarded, "push", rows, "--site", 1).stderr
        assert said(guarded, "get", "sites", key_file=key).stdout == '{\n  "sites": []\n}\n'


# get


@pytest.mark.parametrize(
    "words", [["sites"], ["site", "1"], ["configuration", "1"], ["revisions", "1"], ["latest"],
              ["latest", "1"], ["readings", "1", "--from", "2023-01-01", "--columns", "soc"]],
    ids=" ".join,
)  # fmt: skip
def test_get_answers_with_json_or_a_table(service: Service, words: list[str]) -> None:
    service.post_brief()
    words = [word if word != "2023-01-01" else "2023-01-01T00:10:00Z" for word in words]
    assert isinstance(json.loads(said(service, "get", *words).stdout), dict)
    shown = said(service, "get", *words, "--table").stdout
    assert len(shown.splitlines()) > 1
    assert "{" not in shown


def test_on_a_terminal_it_is_a_table_unless_json_is_asked_for(service: Service) -> None:
    service.post_brief()
    table_ = said(service, "get", "site", "1", "--table").stdout
    assert on_terminal(service, "get", "site", "1") == table_


def on_terminal(service: Service, *words: str) -> str:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [SITEWATT, *words], env=environment(url=service.url), stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        text = b""
        try:
            while block := os.read(ours, 65_536):
                text += block
        except OSError:
            pass  # the other side has closed
    os.close(ours)
    assert process.returncode == 0, text
    return text.decode().replace("\r\n", "\n")


# export


@pytest.mark.parametrize("format_", ["csv", "ndjson"])
def test_what_is_exported_can_be_imported_and_is_the_same(
    service: Service, format_: str, tmp_path: Path
) -> None:
    first = int(service.client.post("/v1/sites", json=NEW).json()["id"])
    second = int(service.client.post("/v1/sites", json=NEW).json()["id"])
    for site, numbers in ((first, range(25)), (second, range(10, 20))):
        file = written(tmp_path / "in.csv", table(numbers))
        assert said(service, "import", file, "--site", site).returncode == 0
    file = tmp_path / f"out.{format_}"
    words = ["--format", format_, "--site", first, "--site", second, "-o", file]
    exported = said(service, "export", *words)
    assert exported.stdout == f"35 readings are in {file}\n", exported.stderr
    assert [path.name for path in tmp_path.glob("*.part")] == []
    expected = stored(service, first), stored(service, second)
    for site in (first, second):
        deleted = service.client.delete(f"/v1/sites/{site}/live", params=EVER)
        assert deleted.status_code == 200
    imported = said(service, "import", file)
    assert imported.stdout.startswith("35 rows: 35 stored, 0 unchanged"), imported.stderr
    assert (stored(service, first), stored(service, second)) == expected
    piped = said(service, "export", "--format", format_, "--site", first, "--from", row(20)[0])
    assert len(piped.stdout.splitlines()) == (6 if format_ == "csv" else 5)


NEW = {"name": "A", "location": "north"}
EVER = {"from": "1970-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}


def test_an_export_that_fails_leaves_no_file_and_an_older_one_as_it_is(
    service: Service, site: int, tmp_path: Path
) -> None:
    file = tmp_path / "out.csv"
    file.write_text("older")
    failed = said(service, "export", "--site", site, "--site", "999999", "-o", file)
    assert failed.returncode == 1
    assert file.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


# import


def test_rows_that_are_refused_go_to_a_file_with_line_column_and_reason(
    service: Service, site: int, tmp_path: Path
) -> None:
    lines = table(range(30))
    lines[3] = lines[3].replace(",2,", ",102,", 1)
    lines[5] = "x" + lines[5]
    lines[7] = "1,2"
    lines[9] = lines[8]
    lines[11] = lines[10].replace(",9,", ",8.5,", 1)
    file = written(tmp_path / "a.csv", lines)
    dry = said(service, "import", file, "--site", site, "--dry-run")
    assert dry.returncode == 3
    assert f"{file}:4:22: soc: must not be more than 100" in dry.stderr
    assert (stored(service, site), [*tmp_path.iterdir()]) == ({}, [file])
    imported = said(service, "import", file, "--site", site, "--batch", "10")
    assert imported.returncode == 3, imported.stderr
    assert imported.stdout.startswith("30 rows: 25 stored, 1 unchanged;")
    with (tmp_path / "a.csv.rejected.csv").open() as rejected:
        rows = [*csv.reader(rejected)]
    assert rows[0] == ["line", "column", "reason", "row"]
    assert [(line, column) for line, column, *_ in rows[1:]] == [
        ("4", "22"), ("6", "1"), ("8", "1"), ("12", "22"),
    ]  # fmt: skip
    assert "must not be more than 100" in rows[1][2]
    assert rows[2][3] == lines[5]
    assert "has 2 fields" in rows[3][2]
    assert "other values are stored for this moment: soc" in rows[4][2]
    good = [number for number in range(30) if number not in (2, 4, 6, 8, 10)]
    assert stored(service, site) == dict(row(number) for number in good)


def test_every_conflict_is_told_though_the_service_names_a_hundred_at_a_time(
    service: Service, site: int, tmp_path: Path
) -> None:
    said(service, "import", written(tmp_path / "a.csv", table(range(350))), "--site", site)
    lines = table(range(400))
    lines[1:351] = [line.replace("true", "false").replace(",0.", ",1.") for line in lines[1:351]]
    differs = sum(a != b for a, b in zip(lines, table(range(400)), strict=True))
    assert differs > 250
    file = written(tmp_path / "b.csv", lines)
    imported = said(service, "import", file, "--site", site)
    assert imported.returncode == 3
    assert f"{differs:,} rows are refused" in imported.stderr
    assert f": 50 stored, {350 - differs} unchanged" in imported.stdout
    wrong = said(service, "import", file, "--site", site, "--most-refused", "10")
    assert wrong.returncode == 1
    assert "is it the right file?" in wrong.stderr


def test_rows_of_sites_that_are_not_there_are_refused_and_a_wrong_site_ends_it(
    service: Service, site: int, tmp_path: Path
) -> None:
    lines = [*table(range(3), site), *table(range(3), 888_888)[1:], "0" + table([1], site)[1]]
    file = written(tmp_path / "a.csv", lines)
    imported = said(service, "import", file)
    assert imported.stdout.startswith("7 rows: 3 stored, 1 unchanged")
    rejected = (tmp_path / "a.csv.rejected.csv").read_text().splitlines()
    assert rejected[1].startswith("5,1,there is no such site,")
    assert len(rejected) == 4
    file = written(tmp_path / "b.csv", table(range(3)))
    for words, reason in [
        (["--site", 888_888], "sitewatt: there is no site 888888"),
        ([], "give --site ID"),
    ]:
        refused = said(service, "import", file, *words)
        assert refused.returncode == 1
        assert reason in refused.stderr


ROWS = 20_000


def test_an_import_that_is_killed_half_way_goes_on_and_no_row_is_lost_or_twice(
    service: Service, site: int, tmp_path: Path
) -> None:
    lines = table(range(ROWS))
    lines[101] = lines[101].replace("true", "perhaps").replace("false", "perhaps")
    file = written(tmp_path / "a.csv", lines)
    state, rejected = tmp_path / "a.csv.import-state", tmp_path / "a.csv.rejected.csv"
    command = [SITEWATT, "import", str(file), "--site", str(site), "--batch", "50"]
    with subprocess.Popen(command, env=environment(url=service.url)) as process:
        assert eventually(state.exists, within=60)
        process.send_signal(signal.SIGKILL)
    before = len(stored(service, site))
    kept = json.loads(state.read_text())
    assert 0 < kept["counts"]["received"] <= before < ROWS - 1
    with rejected.open("a") as more:
        more.write("what a run has written after its checkpoint")
    finished = said(service, "import", file, "--site", site)
    assert finished.returncode == 3, finished.stderr
    assert finished.stdout.startswith(f"{ROWS:,} rows: ")
    # What the checkpoint has is not sent again.
    again = before - kept["counts"]["received"]
    assert f"{again + kept['counts']['unchanged']:,} unchanged" in finished.stdout
    assert stored(service, site) == dict(row(n) for n in range(ROWS) if n != 100)
    assert [line.split(",")[0] for line in rejected.read_text().splitlines()] == ["line", "102"]
    assert not state.exists()


def test_a_stopped_import_goes_on_only_with_the_same_file_and_the_same_words(
    service: Service, site: int, tmp_path: Path
) -> None:
    lines = table(range(60))
    lines[51] = '"' + lines[51]
    file = written(tmp_path / "a.csv", lines)
    broken = said(service, "import", file, "--site", site, "--batch", "10")
    assert broken.returncode == 1
    assert f"sitewatt: {file}:52:1: is not CSV" in broken.stderr
    assert len(stored(service, site)) == 50
    other = said(service, "import", file, "--site", site + 1)
    assert other.returncode == 1
    assert "give --from-start to begin anew" in other.stderr
    written(file, table(range(60)))
    resumed = said(service, "import", file, "--site", site)
    assert resumed.stdout.startswith("60 rows: 60 stored, 0 unchanged")
    written(file, lines)
    said(service, "import", file, "--site", site, "--batch", "10")
    written(file, table(range(1, 60)))
    changed = said(service, "import", file, "--site", site)
    assert "is not the file whose import was begun" in changed.stderr
    anew = said(service, "import", file, "--site", site, "--from-start")
    assert anew.stdout.startswith("59 rows: 0 stored, 59 unchanged")


def test_an_interrupt_ends_an_import_with_a_sentence(
    service: Service, site: int, tmp_path: Path
) -> None:
    file = written(tmp_path / "a.csv", table(range(ROWS)))
    command = [SITEWATT, "import", str(file), "--site", str(site), "--batch", "20"]
    with subprocess.Popen(
        command, env=environment(url=service.url), stderr=subprocess.PIPE, text=True
    ) as process:
        assert eventually((tmp_path / "a.csv.import-state").exists, within=60)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert told == "sitewatt: stopped; the same command goes on from there\n"

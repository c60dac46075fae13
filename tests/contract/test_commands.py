"""The reference of the command line has every command with its options, and no others."""

import argparse
import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from sitewatt import cli, key_commands
from sitewatt.ending import ended
from sitewatt.exchange import commands
from sitewatt.settings import OF_CLIENTS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text()
COMMON = PAGE.partition("## The commands that speak to a service")[2].partition("\n## ")[0]


def parsers() -> dict[str, argparse.ArgumentParser]:
    parser = argparse.ArgumentParser()
    adding = parser.add_subparsers()
    commands.add_to(adding)
    return dict(adding.choices)


def section(name: str) -> str:
    return PAGE.partition(f"## `sitewatt {name}`\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", parsers())
def test_every_option_of_a_command_is_in_its_section(name: str) -> None:
    actions = parsers()[name]._actions
    options = {word for action in actions for word in action.option_strings}
    described = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", section(name)))
    assert options - described - {"-h", "--help", "--url", "--key-file"} == set()
    assert described - options == set()


@pytest.mark.parametrize("name", parsers())
def test_a_section_begins_with_what_the_help_says(name: str) -> None:
    assert " ".join(section(name).split()).startswith(parsers()[name].description or "-")


def test_what_the_commands_have_in_common_is_described_once() -> None:
    for word in ("--url", "--key-file", *OF_CLIENTS):
        assert f"`{word}" in COMMON


def test_no_option_takes_a_key_itself() -> None:
    for parser in parsers().values():
        assert {word for action in parser._actions for word in action.option_strings}.isdisjoint(
            {"--key", "--token", "--password"}
        )


def test_the_program_has_every_command_that_is_described(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"    {name} " in shown for name in re.findall(r"^## `sitewatt (\w+)`", PAGE, re.M))


def test_every_command_that_is_begun_by_its_name_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def of_service(module: str, name: str, given: argparse.Namespace) -> int:
        command = getattr(import_module(f"sitewatt.{module}"), name)
        begun.append(f"{module}.{name}")
        return 0 if len(inspect.signature(command).parameters) == 2 else 1

    for words in (cli, key_commands):
        monkeypatch.setattr(words, "of_service", of_service)
    keys = (["list"], ["create", "--scope", "read"], ["revoke", "0"], ["rotate", "0"])
    for given in (["serve"], ["check"], ["seal"], *(["keys", *verb] for verb in keys)):
        assert cli.main(given) == 0
    assert begun == [
        *("running.serve", "running.check", "running.seal"),
        *("keys.list_", "keys.create", "keys.revoke", "keys.rotate"),
    ]


@pytest.mark.parametrize("site", ["0", "-1", "1.5", "2147483648", "\u0663"])
def test_what_is_no_id_of_a_site_is_answered_with_what_one_is(
    site: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["push", "a.csv", f"--site={site}"])
    assert ended.value.code == 2
    assert "argument --site: must be a whole number from 1 to 2147483647" in capsys.readouterr().err


def test_without_its_client_a_command_says_what_is_missing_and_a_part_of_ours_is_a_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [one for one in sys.modules if one.startswith("sitewatt.exchange.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sitewatt_client", None)
    assert cli.main(["get", "sites"]) == 1
    said = "needs the package sitewatt-client, which is not installed (sitewatt_client)"
    assert said in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "sitewatt.exchange.running", None)
    with pytest.raises(ModuleNotFoundError):
        cli.main(["get", "sites"])


def test_what_speaks_to_a_service_reads_no_framework_and_the_words_alone_read_nothing() -> None:
    clients = {"connexion", "sitewatt.app", "uvicorn"}
    for module, unread in (
        ("sitewatt.cli", {*clients, "handlers", "pymongo", "sitewatt.contract", "storage"}),
        ("sitewatt.exchange.running", clients),
    ):
        program = f"import sys, {module}; print(*sys.modules)"
        told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        assert unread.isdisjoint(told.stdout.decode().split())


def test_what_is_no_matter_of_the_output_is_not_said_to_be_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FileNotFoundError):
        ended(lambda: len((tmp_path / "none").read_text()))
    assert capsys.readouterr().err == ""

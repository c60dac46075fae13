"""The reference of the command line has every command with its options, and no others."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sitewatt import cli
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


def test_what_speaks_to_a_service_reads_nothing_of_one() -> None:
    program = "import sys, sitewatt.cli, sitewatt.exchange.running; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert {"connexion", "sitewatt.app", "uvicorn"}.isdisjoint(told.stdout.decode().split())

"""The reference pages: they say of each setting, problem type and command what the program does."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import openapi
from sitewatt import cli, health
from sitewatt.contract import Contract
from sitewatt.contract.parameters import KEYWORDS as OF_PARAMETERS
from sitewatt.contract.vocabulary import RULES
from sitewatt.metrics import AGES
from sitewatt.metrics.families import FAMILIES
from sitewatt.metrics.requests import keywords
from sitewatt.settings import OF_CLIENTS as VARIABLES_OF_CLIENTS
from sitewatt.settings import SETTINGS, Setting
from sitewatt.upkeep import DUTIES
from storage.errors import KINDS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
CONTRACT = Contract(openapi.bundle())
PROBLEM_TYPES = openapi.bundle()["x-problem-types"]
HEALTH = "sitewatt-health"
OF_CLIENTS = ("push", "import", "get", "export", "simulate")
"""The commands that speak to a service; `test_commands.py` looks at their sections."""
KEY_VERBS = ("create", "list", "revoke", "rotate")
COMMANDS = ("serve", "check", "seal", "contract")
OF_ITS_OWN = {"check": {"--store"}}
"""The options of a command beside the settings."""

Row = tuple[str, ...]


def page(name: str) -> str:
    """Return the text of a reference page."""
    return (REFERENCE / name).read_text()


def rows(text: str) -> Iterator[Row]:
    """Yield the cells of each row of the tables in a text, without the heads."""
    for head, line in zip(text.splitlines(), text.splitlines()[1:], strict=False):
        if head.startswith("| ") and line.startswith("| ") and not line.startswith("| ---"):
            yield tuple(cell.strip() for cell in line.strip("|").split(" | "))


LABELS = [row for row in rows(page("metrics.md")) if len(row) == 2]
OWN = {*RULES, "x-before", "x-media-type"}
"""The contract's own keywords that a request can break."""


def takes(setting: Setting) -> str:
    """Return what the setting says that it takes when it is given something else."""
    for nonsense in ("?", ""):
        try:
            setting.read(nonsense)
        except ValueError as error:
            return str(error)
    return "a text"


def sections(text: str) -> dict[str, str]:
    """Return the parts of a page by the command in their heading."""
    parts = re.split(r"^## `(.*)`$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture
def help_of(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> "Helper":
    """The help of the program and of its commands, each option and command on one line."""
    monkeypatch.setenv("COLUMNS", "1000")
    return Helper(capsys)


class Helper:
    """Asks the program for help."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> str:
        """Return what `sitewatt ... --help` prints."""
        program = health.main if words == (HEALTH,) else cli.main
        with pytest.raises(SystemExit) as left:
            program([*(word for word in words if word != HEALTH), "--help"])
        assert left.value.code == 0
        return self._capsys.readouterr().out

    def options(self, *words: str) -> set[str]:
        """Return the long options that the help names, `--help` excepted."""
        return set(re.findall(r"^  (?:-\w(?: \w+)?, )?(--[a-z-]+)", self(*words), re.MULTILINE)) - {
            "--help"
        }

    def commands(self) -> dict[str, str]:
        """Return the commands and what the help says of each."""
        return dict(re.findall(r"^    ([a-z]+) +(\S.*)$", self(), re.MULTILINE))


def test_the_page_of_settings_is_the_table_of_settings() -> None:
    documented = list(rows(page("settings.md")))
    assert documented == [
        (
            f"`{setting.variable}`",
            f"`{setting.flag}`",
            "none" if setting.default is None else f"`{setting.default}`",
            takes(setting),
            setting.help,
        )
        for setting in SETTINGS
    ]


def test_the_page_of_problems_is_the_contracts_list() -> None:
    documented = list(rows(page("problems.md")))
    assert documented == [
        (str(kind["status"]), f"`{slug}`", kind["title"], kind["remedy"])
        for slug, kind in PROBLEM_TYPES.items()
    ]


def test_the_page_of_metrics_is_the_table_of_metrics() -> None:
    documented = [row for row in rows(page("metrics.md")) if len(row) == 4]
    assert documented == [
        (
            f"`{family.shown}`",
            family.kind,
            ", ".join(f"`{label}`" for label in family.labels) or "none",
            family.help,
        )
        for family in FAMILIES
    ]


def test_the_page_of_metrics_tells_every_label_with_its_values() -> None:
    told = {label: said for labels, said in LABELS for label in re.findall(r"`(\w+)`", labels)}
    assert set(told) == {label for family in FAMILIES for label in family.labels}
    for label, values in {"kind": KINDS, "duty": DUTIES, "age": [*AGES, "never"]}.items():
        assert re.findall(r"`([^`]+)`", told[label]) == [*values]
    assert set(re.findall(r"`([^`]+)`", told["keyword"])) | {*OWN} >= OF_PARAMETERS
    assert {name for name in keywords(CONTRACT) if name.startswith("x-")} == {*OWN}


def test_a_page_names_no_metric_that_is_not_there() -> None:
    how_to = (REFERENCE.parent / "how-to" / "watch-it.md").read_text()
    shown = {family.shown for family in FAMILIES}
    named = set(re.findall(r"\b(?:sitewatt|process)_[a-z_]*[a-z]", page("metrics.md") + how_to))
    assert named - shown == set()


def test_every_command_has_a_section_with_its_own_words(help_of: Helper) -> None:
    documented = sections(page("cli.md"))
    commands = help_of.commands()
    assert list(documented) == ["sitewatt", *(f"sitewatt {name}" for name in commands), HEALTH]
    for name, said in commands.items():
        assert documented[f"sitewatt {name}"].strip().splitlines()[0] == said


@pytest.mark.parametrize("words", [(), ("contract",)])
def test_the_options_in_a_section_are_those_of_the_help(
    help_of: Helper, words: tuple[str, ...]
) -> None:
    section = sections(page("cli.md"))[" ".join(("sitewatt", *words))]
    documented = {option for row in rows(section) for option in re.findall(r"--[a-z-]+", row[0])}
    assert documented - {"--help"} == help_of.options(*words)


def test_the_options_of_the_probe_are_those_of_its_help(help_of: Helper) -> None:
    section = sections(page("cli.md"))[HEALTH]
    documented = {option for row in rows(section) for option in re.findall(r"--[a-z-]+", row[0])}
    assert documented == help_of.options(HEALTH)


@pytest.mark.parametrize("command", ["serve", "check", "seal"])
def test_the_options_of_a_command_that_has_settings_are_the_settings_and_its_own(
    help_of: Helper, command: str
) -> None:
    own = OF_ITS_OWN.get(command, set())
    assert help_of.options(command) == own | {setting.flag for setting in SETTINGS}
    section = sections(page("cli.md"))[f"sitewatt {command}"]
    documented = {option for row in rows(section) for option in re.findall(r"--[a-z-]+", row[0])}
    assert documented == own


@pytest.mark.parametrize("verb", KEY_VERBS)
def test_the_options_of_the_commands_for_keys_are_the_settings_and_their_own(
    help_of: Helper, verb: str
) -> None:
    [row] = [
        row for row in rows(sections(page("cli.md"))["sitewatt keys"]) if f"keys {verb}" in row[0]
    ]
    own = help_of.options("keys", verb) - {setting.flag for setting in SETTINGS}
    assert set(re.findall(r"--[a-z-]+", " ".join(row))) == own


@pytest.mark.parametrize("name", ["settings.md", "problems.md", "cli.md"])
def test_a_page_names_no_option_and_no_variable_that_is_not_there(
    help_of: Helper, name: str
) -> None:
    options = help_of.options().union(*map(help_of.options, (*COMMANDS, HEALTH)))
    options = options.union(*(help_of.options("keys", verb) for verb in KEY_VERBS))
    options = options.union(*map(help_of.options, OF_CLIENTS))
    assert set(re.findall(r"`(--[a-z][a-z-]*)", page(name))) <= options | {"--help"}
    variables = {setting.variable for setting in SETTINGS} | VARIABLES_OF_CLIENTS
    assert set(re.findall(r"SITEWATT_[A-Z_]*[A-Z]", page(name))) <= variables


def test_a_page_names_no_problem_type_that_is_not_there() -> None:
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", page("problems.md")))
    assert named <= PROBLEM_TYPES.keys()

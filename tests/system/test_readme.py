"""The README is true: its commands are run as they stand, and answer what it says.

The rules:

- A block marked `sh` is either the two make commands, the two plain lines, or one curl command
  with its answer in the `json` block after it. Any other is a failure of this test.
- Of a curl command only the port is replaced, by that of a service on an empty store.
- An answer is compared member by member, in order. White space between its tokens does not count,
  nor do the values of `recorded_at` and `request_id`, as long as they look alike.
- Words in backquotes that begin with `curl`, `make` or `.venv/bin/` are commands too. Of curl the
  exit code with --fail is asked; `.venv/bin/` is where this Python is.
- make is asked what it would do (`make --dry-run`) in a copy that has nothing installed: it runs
  the plain lines, word by word. This test is itself run by `make test`, so it cannot go further.
"""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import blocks, in_order
from program import ROOT, SITEWATT, Service, data_directory, environment, example

from sitewatt.settings import SETTINGS

README = (ROOT / "README.md").read_text()
MAKE_COMMANDS = ["make run", "make test"]


BLOCKS = blocks(README)
SHELL = [block for block in BLOCKS if block.kind not in ("json", "text")]
CURL = [block for block in SHELL if block.text.startswith("curl ")]
OTHERS = [block.text.splitlines() for block in SHELL if block not in CURL]
PROSE = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
INLINE = [
    words
    for words in re.findall(r"`([^`]+)`", PROSE)
    if words.startswith(("curl", "make", ".venv"))
]
BODIES = [json.loads(shlex.split(block.text)[-1]) for block in CURL if " -d " in block.text]

needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here")
needs_make = pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with data_directory() as data, Service("--data-dir", data) as service:
        yield service


def shell(command: str, service: Service) -> "subprocess.CompletedProcess[str]":
    """Run the command as it stands, but for the port and the place of the programs."""
    command = command.replace("http://127.0.0.1:8080", service.url)
    command = command.replace(".venv/bin/", f"{SITEWATT.parent}/")
    return subprocess.run(
        ["sh", "-c", command],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_shell_block_is_of_a_kind_that_is_run() -> None:
    assert {block.kind for block in BLOCKS} == {"sh", "json", "text"}
    assert len(OTHERS) == 2
    assert OTHERS[0] == MAKE_COMMANDS
    assert all(block.next_kind == "json" for block in CURL)
    answers = [block for block in BLOCKS if block.kind == "json"]
    assert len(answers) == len(CURL)


@needs_curl
def test_every_curl_command_answers_what_the_readme_says(service: Service) -> None:
    for block in CURL:
        done = shell(block.text, service)
        assert done.returncode == 0, done.stderr
        assert in_order(done.stdout) == in_order(block.next_text), block.text
    # Nothing of what was refused is stored.
    assert service.client.get("/v1/sites/1/live").json()["soc"] == example("brief_live")["soc"]


def test_the_briefs_three_documents_are_posted_as_they_stand() -> None:
    names = ("brief_sites", "brief_configuration", "brief_live")
    assert BODIES[:3] == [example(name) for name in names]
    assert len(BODIES) == 4


# The commands of make, and those in the text


@needs_make
def test_the_plain_lines_are_what_make_does(tmp_path: Path) -> None:
    run_line, test_line = (line.split(" && ") for line in OTHERS[1])
    assert dry_run(tmp_path, "run") == run_line
    assert dry_run(tmp_path, "test") == [*run_line[:-1], *test_line]


def dry_run(directory: Path, *words: str) -> list[str]:
    """What make would run in a copy that has nothing installed, without what only informs."""
    shutil.copytree(ROOT / "requirements", directory / "requirements", dirs_exist_ok=True)
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "setup.cfg",
                 "pyproject.toml", "package.json", "package-lock.json"):  # fmt: skip
        shutil.copy(ROOT / name, directory)
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *words],
        env=environment(),
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith(("echo", "touch"))]
    return [_as_in_readme(line) for line in lines if "sys.version_info" not in line]


def _as_in_readme(line: str) -> str:
    line = re.sub(r"bin/python -m pip( --quiet| --disable-pip-version-check)*", "bin/pip", line)
    return line.replace("--requirement", "-r").replace("--editable", "-e").strip()


@needs_make
@pytest.mark.parametrize("words", [words for words in INLINE if words.startswith("make")])
def test_a_make_command_in_the_text_is_one_that_make_knows(words: str, tmp_path: Path) -> None:
    command, *arguments = shlex.split(words)
    assert command == "make"
    given = dict(word.split("=", 1) for word in arguments if "=" in word)
    last = dry_run(tmp_path, *arguments)[-1]
    assert last.endswith(given.get("ARGS", ""))
    if "test" in arguments and given:
        assert (ROOT / given["ARGS"]).is_dir()


def test_the_flags_that_make_passes_on_are_settings() -> None:
    flags = re.findall(r"ARGS=(--[\w-]+)", PROSE)
    assert set(flags) <= {setting.flag for setting in SETTINGS}


@needs_curl
@pytest.mark.parametrize("words", [words for words in INLINE if words.startswith("curl")])
def test_a_curl_command_in_the_text_succeeds(words: str, service: Service) -> None:
    done = shell(words.replace("curl", "curl --fail", 1), service)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("words", [words for words in INLINE if words.startswith(".venv")])
def test_a_command_of_the_program_in_the_text_succeeds(words: str, service: Service) -> None:
    done = shell(words, service)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


# What the text points at


def test_every_link_leads_somewhere(service: Service) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PROSE):
        if target.startswith("http"):
            path = target.removeprefix("http://127.0.0.1:8080")
            assert service.client.get(path, follow_redirects=True).status_code == 200
        else:
            assert (ROOT / target).exists(), target


def test_every_variable_is_a_setting() -> None:
    named = set(re.findall(r"SITEWATT_\w+", README))
    assert {"SITEWATT_MONGODB_URI"} < named <= {setting.variable for setting in SETTINGS}


def test_the_structure_names_what_there_is() -> None:
    structure = next(block.text for block in BLOCKS if block.kind == "text")
    places = [line.split()[0] for line in structure.splitlines()]
    assert len(places) == 10
    assert all((ROOT / place).exists() for place in places)

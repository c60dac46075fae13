"""Pages whose commands are run as they stand, and answer what the page says.

A page is run from its first block to its last, in a directory that looks like a checkout in which
everything is installed: the Makefile, and `.venv` with this Python.

    sh      commands. `make run` and `.venv/bin/sitewatt serve` are started and left running until
            the page ends or ends them; all else is run by bash, and the first command that fails
            ends it. Only ports are replaced: the one of a service by the one it really has.
    python  a script, run by the environment's Python.
    js      one or more `db.getSiblingDB(...).runCommand({...})` for mongosh, written as JSON. They
            are run by PyMongo, for mongosh is not here.
    json    what the block before it answers, member by member, in order. White space does not
            count, nor the values of VOLATILE as long as they look alike, nor the server's clock.
    csv     what it answers, line by line.
    text    what it answers, with standard error; `...` stands for anything. With a line that
            begins with `sitewatt: ` it is that of a command which fails.
    mermaid is to be looked at.

A block of another kind, and an answer to nothing, is a failure. Without an answer a command has to
succeed.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from program import ROOT, Service, environment, eventually
from pymongo import MongoClient

DONE_SECONDS = 120
VOLATILE = {
    "recorded_at": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "request_id": re.compile(r"[0-9a-f]{16}"),
}
CLOCK = re.compile(r"the server's clock says \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ANSWERS = ("json", "csv", "text")
SILENT = ("mermaid",)
STARTS = re.compile(r"(\w+=\S+ (\\\n *)?)*(make run|\.venv/bin/sitewatt serve)\b.*\n")
FILES = ("Makefile", "requirements.txt", "requirements-dev.txt", "setup.cfg", "pyproject.toml")
PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+")
RUN_COMMAND = re.compile(
    r'db\.getSiblingDB\("([^"]+)"\)\.runCommand\((\{.*?^\}|\{.*?\})\)$', re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    """A fenced block, the line that it begins at, and the one after it."""

    line: int
    kind: str
    text: str
    next_kind: str
    next_text: str


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    fence = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
    found = [(page.count("\n", 0, m.start()) + 1, m[1], m[2]) for m in fence.finditer(page)]
    following = [*((kind, text) for _, kind, text in found[1:]), ("", "")]
    return [Block(*block, *after) for block, after in zip(found, following, strict=True)]


def in_order(text: str) -> list[Any] | Any:
    """The document with objects as lists of pairs, and the volatile values by their kind."""

    def pairs(members: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        return [(name, _settled(name, value)) for name, value in members]

    return json.loads(text, object_pairs_hook=pairs)


def _settled(name: str, value: Any) -> Any:
    if name == "hint":
        return CLOCK.sub("the server's clock says now", value)
    if name not in VOLATILE:
        return value
    assert VOLATILE[name].fullmatch(value), (name, value)
    return f"some {name}"


def assert_answers(kind: str, shown: str, answered: str) -> None:
    """Promise that an answer is the one that a page shows."""
    if kind == "json":
        assert in_order(answered) == in_order(shown), answered
        return
    if kind == "text":
        pattern = ".*?".join(map(re.escape, _lines(shown).split("...")))
        assert re.fullmatch(pattern, _lines(answered), re.DOTALL), answered
        return
    assert _lines(answered) == _lines(shown)


def _lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


class PageService(Service):
    """A service that a page has started by a command of its own."""

    def __init__(self, words: list[str], directory: Path, **settings: Any) -> None:
        self.command, self.directory = words, directory
        super().__init__(**settings)

    def __exit__(self, *failure: Any) -> None:
        # make ends what it has started when it is told to, and not when it is killed.
        if self.process.poll() is None:
            self.stop()
        super().__exit__(*failure)


class Checkout:
    """A directory in which the commands of a page are run."""

    def __init__(self, directory: Path, ports: dict[str, str] | None = None) -> None:
        self.directory = directory
        self.ports = ports or {}
        """The port that a page writes to the one that is meant."""
        self._stack = ExitStack()
        self._administrator: dict[str, str] = {}
        self._answers_something = False
        directory.mkdir(parents=True, exist_ok=True)
        shutil.copytree(ROOT / "requirements", directory / "requirements")
        for name in FILES:
            shutil.copy(ROOT / name, directory)
        venv = directory / ".venv"
        venv.mkdir()
        for entry in Path(sys.prefix).iterdir():
            if entry.name not in (".created", ".run", ".dev"):
                (venv / entry.name).symlink_to(entry)
        for stamp in (".created", ".run", ".dev"):
            (venv / stamp).touch()

    def __enter__(self) -> "Checkout":
        return self

    def __exit__(self, *failure: Any) -> None:
        self._stack.__exit__(*failure)

    def run(self, page: str) -> None:
        """Run a page; AssertionError for what is not as it says."""
        for block in blocks(page):
            try:
                self._run(block)
            except AssertionError as error:
                error.add_note(f"the block of line {block.line}:\n{block.text}")
                raise

    def _run(self, block: Block) -> None:
        if block.kind == "sh" and STARTS.fullmatch(block.text):
            self._start(block.text)
        elif block.kind == "sh":
            self._command(block)
        elif block.kind == "python":
            script = f".venv/bin/python - <<'END_OF_SCRIPT'\n{block.text}END_OF_SCRIPT\n"
            self._command(block._replace(text=script))
        elif block.kind == "js":
            self._mongosh(block.text)
        elif block.kind in ANSWERS:
            assert self._answers_something, "an answer to nothing"
        else:
            assert block.kind in SILENT, f"a block of the kind {block.kind!r}"
        self._answers_something = block.kind in ("sh", "python", "js")

    def _start(self, text: str) -> None:
        """Start a service as a page says, on a port that is free."""
        words = shlex.split(self._ported(text).replace("\\\n", ""))
        settings: dict[str, Any] = {}
        while "=" in words[0]:
            variable, _, value = words.pop(0).partition("=")
            settings[variable.removeprefix("SITEWATT_").lower()] = value
        written = "8080"
        if "--port" in words:
            place = words.index("--port") + 1
            written, words[place] = words[place], "0"
        else:
            settings["port"] = 0
        service = PageService(words, self.directory, **settings)
        self._stack.enter_context(service)
        self.ports[written] = service.url.rpartition(":")[2]

    def _command(self, block: Block) -> None:
        done = self._bash(block.text)
        fails = block.next_kind == "text" and "\nsitewatt: " in f"\n{block.next_text}"
        told = done.stdout + done.stderr
        assert (done.returncode == 0) != fails, f"exit code {done.returncode}\n{told}"
        if block.next_kind in ANSWERS:
            answered = told if block.next_kind == "text" else done.stdout
            assert_answers(block.next_kind, block.next_text, answered)

    def _bash(self, text: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self._ported(text)],
            # Where a command of ours looks for the service, if the page does not say it.
            env=environment(url=self._ported("http://127.0.0.1:8080")),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DONE_SECONDS,
        )

    def _ported(self, text: str) -> str:
        return PORT.sub(lambda port: self.ports.get(port[0], port[0]), text)

    def _mongosh(self, text: str) -> None:
        """Run what a page has typed into mongosh, as whoever it has made an administrator."""
        assert RUN_COMMAND.sub("", text).strip() == "", "more than commands as JSON"
        uri = f"mongodb://127.0.0.1:{self.ports['27017']}/?directConnection=true"
        for database, command in RUN_COMMAND.findall(text):
            document = json.loads(self._ported(command))
            with MongoClient[Any](uri, **self._administrator) as client:
                client[database].command(document)
                hello = client.admin.command
                assert eventually(lambda: hello("hello")["isWritablePrimary"])  # noqa: B023
            if database == "admin" and "createUser" in document:
                names = {"username": document["createUser"], "password": document["pwd"]}
                self._administrator = names


def page_text(name: str) -> str:
    """Return the text of a page of docs/."""
    return (ROOT / "docs" / name).read_text()

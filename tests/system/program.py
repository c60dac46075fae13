"""The real program: `sitewatt serve` as a process of its own, and what a client sees of it."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import httpx

import openapi

ROOT = Path(__file__).parents[2]
SITEWATT = Path(sys.executable).with_name("sitewatt")
START_SECONDS = 60
"""How long a start may take on a machine that is busy with other things."""
END_SECONDS = 30
OF_OTHERS = re.compile("SITEWATT_|MAKE|MFLAGS|(ARGS|PYTHON|VENV)$")

# What a shell starts in the background ignores Ctrl-C, and so would the programs of the tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def environment(**settings: Any) -> dict[str, str]:
    """The environment with these settings, and none of the machine's own or of a make around."""
    plain = {name: text for name, text in os.environ.items() if not OF_OTHERS.match(name)}
    given = {f"SITEWATT_{name.upper()}": str(value) for name, value in settings.items()}
    return plain | {"no_proxy": "*"} | given


def run(*words: object, **settings: Any) -> "subprocess.CompletedProcess[str]":
    """What one command of the program says, and its exit code."""
    return subprocess.run(
        [SITEWATT, *map(str, words)],
        env=environment(**settings),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )


def example(name: str) -> Any:
    """A fresh copy of one of the contract's examples."""
    return openapi.bundle()["components"]["examples"][name]["value"]


@contextmanager
def data_directory() -> Iterator[Path]:
    """A data directory to be; it is gone afterwards, for each takes many megabytes."""
    with tempfile.TemporaryDirectory(prefix="sw-", dir="/tmp", ignore_cleanup_errors=True) as place:
        yield Path(place).resolve() / "data"


def eventually(holds: Callable[[], bool], *, within: float = 20) -> bool:
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    """A process that has ended and waits for its parent counts as ended."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        state = stat.read_text().rpartition(")")[2] if Path("/proc/self").exists() else ""
    except (ProcessLookupError, FileNotFoundError):
        return False
    return not state.startswith(" Z")


def mongod_pid(data: Path) -> int:
    """The mongod of a data directory, as the service's lock file names it."""
    return int((data / "sitewatt.lock").read_text().split()[1])


OF_MANY = 20
"""How often in a row workers are asked whether they are ready: none of them is left out then."""


class Service:
    """A `sitewatt serve` on a free port, ready in its context, and ended with it.

    After a failure it is ended by force, so that the failure is what is seen.
    """

    command: Sequence[object] = (SITEWATT, "serve", "--port", "0")
    directory: Path | None = None
    """Where it is started; None for where the tests are."""

    def __init__(self, *flags: object, **settings: Any) -> None:
        # Closed in __exit__, with all else that this context holds.
        self._log = tempfile.NamedTemporaryFile(prefix="sw-log-")  # noqa: SIM115
        self._asked = OF_MANY if "--workers" in flags else 1
        self.typed = time.monotonic()
        self.process = subprocess.Popen(
            [str(word) for word in (*self.command, *flags)],
            env=environment(**settings),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        # A connection each: what one worker or one moment answered says nothing about the next.
        self.client = httpx.Client(
            timeout=30,
            trust_env=False,
            verify=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def __enter__(self) -> Self:
        try:
            assert eventually(self._listens_or_ended, within=START_SECONDS), self.log
            assert self.process.poll() is None, self.log
            self.client.base_url = self.url
            self._settle()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.client.close()
        try:
            if kind is None and self.process.poll() is None:
                self.stop()
        finally:
            self.process.kill()
            self.process.wait()
            self._log.close()

    @property
    def log(self) -> str:
        """Everything it has written until now, to standard output and error."""
        return Path(self._log.name).read_text()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log, each line read as the JSON object that it is."""
        return [json.loads(line) for line in self.log.splitlines()]

    @property
    def url(self) -> str:
        """Where it listens; there is always a way by 127.0.0.1."""
        found = re.search(r"running on (http://\S+)", self.log)
        assert found, self.log
        return found[1].replace("0.0.0.0", "127.0.0.1")

    def await_ready(self) -> None:
        """Return when /readyz says so."""
        assert eventually(self._is_ready, within=START_SECONDS), self.log

    def stop(self) -> int:
        """End it as an operator does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(END_SECONDS)

    def kill(self) -> None:
        """End it without a word, and wait until it has ended."""
        self.process.kill()
        self.process.wait()

    def post_brief(self) -> list[httpx.Response]:
        """The answers to the brief's three documents."""
        return [
            self.client.post("/v1/sites", json=example("brief_sites")),
            self.client.post("/v1/sites/1/configuration", json=example("brief_configuration")),
            self.client.post("/v1/sites/1/live", json=example("brief_live")),
        ]

    def _settle(self) -> None:
        self.await_ready()

    def _is_ready(self) -> bool:
        # With several workers the port is taken, and logged, before one of them listens.
        with suppress(httpx.ConnectError):
            answers = (self.client.get("/readyz") for _ in range(self._asked))
            return all(answer.status_code == 200 for answer in answers)
        return False

    def _listens_or_ended(self) -> bool:
        return " running on " in self.log or self.process.poll() is not None


def workers(service: "EarlyService") -> list[int]:
    """The ids of all workers that a service has ever started, in that order."""
    return [int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", service.log)]


class EarlyService(Service):
    """One that listens, whether it is ready or not."""

    def _settle(self) -> None:
        """There may be nothing to wait for."""

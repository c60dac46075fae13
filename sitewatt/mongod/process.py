"""One mongod process, from its start to its end."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from sitewatt.mongod import log
from sitewatt.mongod.command import Options, command_line
from sitewatt.mongod.directory import DataDirectory
from sitewatt.mongod.errors import MongodError
from sitewatt.mongod.replica import make_writable

LEASH = Path(__file__).with_name("leash.py")
LOG_LOOK_MS = 60_000


class MongodProcess:
    """A mongod that ends with the thread that made it; as a context, with the context."""

    def __init__(self, binary: Path, directory: DataDirectory, options: Options) -> None:
        self._directory = directory
        self._options = options
        directory.clear_socket()
        self._shorten_log()
        self._log_start = log.size(directory.log)
        self._output, write_end = os.pipe()
        try:
            self._process = _spawn(command_line(binary, directory, options), write_end)
        except BaseException:
            os.close(self._output)
            raise
        finally:
            os.close(write_end)

    @property
    def pid(self) -> int:
        """The process id of mongod."""
        return self._process.pid

    def __enter__(self) -> "MongodProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._output)

    def send_signal(self, sign: signal.Signals) -> None:
        """Sends the signal, or does nothing when mongod has ended."""
        self._process.send_signal(sign)

    def await_writable(self) -> None:
        """Returns when mongod accepts writes; raises MongodError when it ends or takes too long."""
        deadline = time.monotonic() + self._options.start_seconds

        def waiting() -> None:
            if self._process.poll() is not None:
                raise MongodError(self._failure())
            if time.monotonic() > deadline:
                raise MongodError(
                    f"mongod was not writable within {self._options.start_seconds:g} s. "
                    f"Its log is {self._directory.log}."
                )

        make_writable(self._directory.socket, waiting=waiting)

    def watch(self) -> str:
        """How mongod ended, in words, when it has; keeps its log short until then."""
        # Not select(): a service with many connections has descriptors beyond its 1,023.
        poller = select.poll()
        poller.register(self._output, select.POLLIN)
        while True:
            if poller.poll(LOG_LOOK_MS):
                if not os.read(self._output, 65_536):
                    break
            # Asked again while there is no log: mongod heeds one such signal a second.
            elif self._shorten_log() or not self._directory.log.exists():
                self.send_signal(signal.SIGUSR1)
        self._process.wait()
        said = log.last_words(log.tail(self._directory.log, since=self._log_start))
        return f"{self._end()}: {said}" if said else self._end()

    def _shorten_log(self) -> bool:
        return log.set_aside(self._directory.log, limit=self._options.log_mb * 1_000_000)

    def _failure(self) -> str:
        said = os.read(self._output, 65_536) + log.tail(self._directory.log, since=self._log_start)
        reason = log.last_words(said) or "it does not say why"
        cure = _cure(reason)
        return f"{self._end()} at its start: {reason}. {cure}Its log is {self._directory.log}."

    def _end(self) -> str:
        status = self._process.returncode
        if status < 0:
            return f"mongod was ended by {signal.Signals(-status).name}"
        return f"mongod ended with exit status {status}"


def _cure(reason: str) -> str:
    """What helps against a reason, as a sentence and a space; "" for others."""
    return next((cure for cause, cure in log.CURES.items() if cause in reason), "")


def _spawn(command: list[str], output: int) -> "subprocess.Popen[bytes]":
    """In a session of its own: a Ctrl-C at the terminal is for the service to act on."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        env={**os.environ, "LC_ALL": "C"},
    )

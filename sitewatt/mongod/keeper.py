"""Keeps one mongod alive for as long as this process wants it."""

import logging
import signal
import threading
import time
from concurrent.futures import Future
from pathlib import Path

from sitewatt.mongod.binary import find_binary
from sitewatt.mongod.command import Options
from sitewatt.mongod.directory import POLL_SECONDS, DataDirectory
from sitewatt.mongod.errors import MongodError
from sitewatt.mongod.process import MongodProcess
from sitewatt.mongod.replica import uri_of
from sitewatt.mongod.room import LEAST_MB, free_mb, require_room

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
STARTING_SECONDS = 10.0
STEADY_SECONDS = 60.0

logger = logging.getLogger("sitewatt.mongod")


def running_uri(data_directory: Path) -> str | None:
    """Return the connection string of the mongod that another process runs there, if one does.

    Its socket is in a directory that only its user can enter. One that is about to have it is
    waited for, STARTING_SECONDS at most; after that a MongodError.
    """
    directory = DataDirectory(data_directory)
    until = time.monotonic() + STARTING_SECONDS
    while directory.is_taken():
        if directory.socket.exists():
            return uri_of(directory.socket)
        if time.monotonic() > until:
            raise MongodError(f"The service on {directory.path} is starting or ending. Try again.")
        time.sleep(POLL_SECONDS)
    return None


class Mongod:
    """A private mongod: a writable replica set of one on a unix socket, under a data directory.

    It is a context manager, for one use. While it is started, one thread starts mongod again
    whenever it ends. That thread does all the forking and lives until stop(), because the kernel
    ends the mongod of a killed process when the *thread* that forked it ends.
    """

    def __init__(self, data_directory: Path, options: Options | None = None) -> None:
        self._directory = DataDirectory(data_directory)
        self._options = options or Options()
        self._writable: Future[None] = Future()
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        self._process: MongodProcess | None = None
        self._keeper = threading.Thread(target=self._keep, name="mongod-keeper", daemon=True)

    @property
    def uri(self) -> str:
        """The connection string, the same for as long as the data directory stays where it is."""
        return uri_of(self._directory.socket)

    @property
    def pid(self) -> int | None:
        """The process id of the latest mongod; None before the first."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Returns when mongod accepts writes.

        Raises MongodMissing when there is no mongod to run, MongodError when the data directory
        cannot be used or mongod ends or is not writable within `start_seconds`; nothing is left
        running then.
        """
        self._binary = find_binary()
        self._directory.take(grace=self._options.stop_seconds)
        try:
            require_room(self._directory.path)
            self._keeper.start()
            self._writable.result()
        except BaseException:
            self.stop()
            raise

    def stop(self, timeout: float | None = None) -> None:
        """Ends mongod cleanly, by force after `timeout` seconds (`stop_seconds` by default)."""
        with self._turn:
            self._stopping.set()
        if self._keeper.is_alive():
            self._signal(signal.SIGTERM)
            self._keeper.join(self._options.stop_seconds if timeout is None else timeout)
        if self._keeper.is_alive():
            logger.warning("mongod did not end in time and is killed")
            self._signal(signal.SIGKILL)
            self._keeper.join()
        self._directory.release()

    def __enter__(self) -> "Mongod":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _keep(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            end = self._live()
            if not self._writable.done():
                self._writable.set_exception(end)
                return
            if time.monotonic() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE
            if not self._stopping.is_set():
                self._tell_end(end, pause)
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _tell_end(self, end: MongodError, pause: float) -> None:
        logger.error("%s; it is started again in %.1f s", str(end).rstrip("."), pause)
        if (room := free_mb(self._directory.path)) < LEAST_MB:
            logger.error("the disk of %s has %.0f MB left: make room", self._directory.path, room)

    def _live(self) -> MongodError:
        """One mongod from its start to its end; returns what ended it."""
        try:
            with self._spawn() as process:
                self._directory.record_mongod(process.pid)
                process.await_writable()
                self._tell_writable()
                return MongodError(f"{process.watch()}.")
        except MongodError as error:
            return error
        # Whatever it is: without this thread nothing would start mongod again.
        except Exception as error:  # noqa: BLE001
            return MongodError(f"mongod cannot be run: {error}.")

    def _spawn(self) -> MongodProcess:
        with self._turn:
            if self._stopping.is_set():
                raise MongodError("mongod was stopped before it had started.")
            self._process = MongodProcess(self._binary, self._directory, self._options)
            return self._process

    def _tell_writable(self) -> None:
        if self._writable.done():
            logger.warning("mongod is writable again")
        else:
            self._writable.set_result(None)

    def _signal(self, sign: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(sign)

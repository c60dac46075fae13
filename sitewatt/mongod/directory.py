"""The data directory of one embedded mongod: its places, its socket and its owner.

What is in it:

    <data directory>/
      sitewatt.lock    flock of the service that owns it; its pid, then the pid of its mongod
      mongodb/         mongod's files
      mongod.log       mongod's log, and mongod.log.1
      mongod.sock      the socket, unless the path does not fit into a socket address
"""

import fcntl
import hashlib
import os
import re
import signal
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from sitewatt.mongod.errors import MongodError

LONGEST_SOCKET_PATH = 103  # bytes: sun_path without its zero byte, 107 on Linux and 103 on macOS
# mongod splits --bind_ip at commas and a member's host at colons; PyMongo looks for the members of
# a set under their names in lower case.
SOCKET_PATH = re.compile(r"[a-z0-9/._~+-]+")
KILL_SECONDS = 5.0
POLL_SECONDS = 0.05


class DataDirectory:
    """The places of one embedded mongod, owned by at most one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self.database = self.path / "mongodb"
        self.log = self.path / "mongod.log"
        self.socket = _socket_path(self.path)
        self._lock: int | None = None

    def take(self, *, grace: float) -> None:
        """Makes this process the owner; the directory is created, readable by its user only.

        Waits up to `grace` seconds for the mongod of an owner that was killed. Raises MongodError
        when another process owns the directory, or it cannot be used (a file in its place, no
        permission, a full disk).
        """
        try:
            self._create()
            self._lock = self._acquire()
            self._end_orphan(self._recorded_mongod(), grace)
            self.clear_socket()
            self.record_mongod(0)
        except OSError as error:
            self.release()
            raise MongodError(self._unusable(error)) from error
        except BaseException:
            self.release()
            raise

    def is_taken(self) -> bool:
        """Whether a process owns the directory just now; its mongod has the socket, or soon."""
        try:
            lock = os.open(self.path / "sitewatt.lock", os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def clear_socket(self) -> None:
        """Removes the socket that an earlier mongod left."""
        self.socket.unlink(missing_ok=True)

    def record_mongod(self, pid: int) -> None:
        """Notes the mongod of this owner, so that the next owner knows an orphan for its own."""
        if self._lock is not None:
            text = f"{os.getpid()}\n{pid}\n".encode()
            os.pwrite(self._lock, text, 0)
            os.ftruncate(self._lock, len(text))

    def release(self) -> None:
        """Gives the directory up. The lock file stays: removing it would let two owners in."""
        if self._lock is None:
            return
        with suppress(OSError):
            self.clear_socket()
            if self.socket.parent != self.path:
                self.socket.parent.rmdir()
        os.close(self._lock)
        self._lock = None

    def _create(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.database.mkdir(mode=0o700, exist_ok=True)
        if self.socket.parent != self.path:
            _make_private(self.socket.parent)

    def _acquire(self) -> int:
        lock = os.open(self.path / "sitewatt.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _pids(lock)[0]
            os.close(lock)
            raise MongodError(
                f"The data directory {self.path} is in use by "
                f"{f'process {owner}' if owner else 'another process'}. "
                "Stop that one first, or give this one a data directory of its own (--data-dir)."
            ) from None
        except BaseException:
            os.close(lock)
            raise
        return lock

    def _recorded_mongod(self) -> int:
        return _pids(self._lock)[1] if self._lock is not None else 0

    def _end_orphan(self, recorded: int, grace: float) -> None:
        """Waits for a mongod that an earlier owner left; only that one is ever sent a signal."""
        mongod_lock = self.database / "mongod.lock"
        for sign, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, KILL_SECONDS)):
            holder = _holder(mongod_lock)
            if holder is None:
                return
            if holder and holder == recorded:
                with suppress(ProcessLookupError):
                    os.kill(holder, sign)
            if _comes_free(mongod_lock, within=seconds):
                return
        raise MongodError(
            f"Another mongod (process {_holder(mongod_lock) or 'unknown'}) still runs on "
            f"{self.database}. Stop it first."
        )

    def _unusable(self, error: OSError) -> str:
        if isinstance(error, FileExistsError | NotADirectoryError):
            wanted = Path(error.filename)
            found = next(path for path in (wanted, *wanted.parents) if path.exists())
            return f"{self.path} cannot be the data directory: {found} is a file."
        place = f" ({error.filename})" if error.filename else ""
        return f"The data directory {self.path} cannot be used: {error.strerror}{place}."


def _socket_path(directory: Path) -> Path:
    """The directory's own socket, or one in a short directory whose name derives from it.

    Not in XDG_RUNTIME_DIR: it goes when its user logs out, and the service may run on.
    """
    near = directory / "mongod.sock"
    if _fits(near):
        return near
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    name = f"sitewatt-{os.getuid()}-{digest}"
    places = [Path(place, name, "mongod.sock") for place in (tempfile.gettempdir(), "/tmp")]  # noqa: S108
    return next(place for place in places if _fits(place))


def _fits(path: Path) -> bool:
    short = len(os.fsencode(path)) <= LONGEST_SOCKET_PATH
    return short and SOCKET_PATH.fullmatch(str(path)) is not None


def _make_private(directory: Path) -> None:
    """Anybody may make a directory, or a link, of this name first: such a one is refused."""
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    status = directory.lstat()
    private = stat.S_ISDIR(status.st_mode) and not stat.S_IMODE(status.st_mode) & 0o077
    if not private or status.st_uid != os.getuid():
        raise MongodError(
            f"{directory} is not a directory of this user alone (mode 0700): remove it, "
            "or set TMPDIR to another directory."
        )


def _pids(lock: int) -> tuple[int, int]:
    """Owner and mongod as the lock file names them; 0 where it names none."""
    numbers = [int(word) for word in os.pread(lock, 100, 0).split() if word.isdigit()]
    owner, mongod, *_ = [*numbers, 0, 0]
    return owner, mongod


def _holder(mongod_lock: Path) -> int | None:
    """The pid that holds mongod's own lock file (0: not named yet); None when none holds it."""
    try:
        lock = os.open(mongod_lock, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pids(lock)[0]
    finally:
        os.close(lock)
    return None


def _comes_free(mongod_lock: Path, *, within: float) -> bool:
    deadline = time.monotonic() + within
    while _holder(mongod_lock) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True

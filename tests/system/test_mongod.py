"""The embedded mongod: real processes, real kills."""

import errno
import fcntl
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

from sitewatt.mongod import (
    Mongod,
    MongodError,
    MongodMissing,
    Options,
    binary,
    find_binary,
    keeper,
    replica,
    room,
    running_uri,
)
from sitewatt.mongod import process as mongod_process
from sitewatt.mongod.directory import DataDirectory
from sitewatt.mongod.replica import uri_of
from sitewatt.mongod.room import LEAST_MB, has_room, require_room

ROOT = Path(__file__).parents[2]
LINUX = sys.platform == "linux"

OWNER = """
import sys, time
from pathlib import Path
from sitewatt.mongod import Mongod
with Mongod(Path(sys.argv[1])) as mongod:
    print(mongod.pid, mongod.uri, flush=True)
    time.sleep(300)
"""

Document = Mapping[str, Any]


@pytest.fixture
def data() -> Iterator[Path]:
    """A directory whose socket path is short, however deep the tests' own directory is."""
    with tempfile.TemporaryDirectory(prefix="sw-", dir="/tmp") as directory:
        yield Path(directory).resolve() / "data"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one directory on PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])


def fake_mongod(directory: Path, script: str) -> Path:
    program = directory / "mongod"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


@contextmanager
def facts(uri: str) -> Generator[Collection[Document]]:
    """A collection whose writes are acknowledged when they are in the journal."""
    with MongoClient[Document](uri, timeoutMS=2000, serverSelectionTimeoutMS=2000) as client:
        yield client.sitewatt.get_collection(
            "facts", write_concern=WriteConcern("majority", j=True)
        )


def insert(uri: str, number: int) -> None:
    with facts(uri) as collection:
        collection.insert_one({"_id": number})


def numbers(uri: str) -> list[int]:
    with facts(uri) as collection:
        return [document["_id"] for document in collection.find(sort=[("_id", 1)])]


def eventually(holds: Callable[[], bool], *, within: float = 10.0) -> bool:
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_running(pid: int) -> bool:
    """A process that has ended and waits for its parent counts as ended."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat").read_text() if LINUX else ""
    except (ProcessLookupError, FileNotFoundError):
        return False
    return not stat.rpartition(")")[2].startswith(" Z")


def is_back(mongod: Mongod, killed: int | None) -> bool:
    try:
        numbers(mongod.uri)
    except PyMongoError:
        return False
    return mongod.pid != killed


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def start_owner(data: Path) -> tuple["subprocess.Popen[str]", int, str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    pid, uri = owner.stdout.readline().split()
    return owner, int(pid), uri


def sockets(pid: int) -> Iterator[str]:
    """The inodes of the process's sockets; a descriptor may be closed while we look."""
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found = re.match(r"socket:\[(\d+)\]", str(descriptor.readlink()))
            yield from found.groups() if found else ()


def tcp_sockets(pid: int) -> set[str]:
    tables = [Path(f"/proc/{pid}/net/{name}").read_text().splitlines() for name in ("tcp", "tcp6")]
    return {line.split()[9] for table in tables for line in table[1:]} & set(sockets(pid))


def disk_use(directory: Path) -> int:
    """Bytes on disk, as du counts them."""
    return sum(path.lstat().st_blocks * 512 for path in directory.rglob("*"))


def test_it_starts_as_a_writable_primary_on_a_private_unix_socket_only(data: Path) -> None:
    with Mongod(data) as mongod:
        insert(mongod.uri, 1)
        assert numbers(mongod.uri) == [1]
        assert mongod.pid is not None
        if LINUX:
            assert tcp_sockets(mongod.pid) == set()
        assert (data / "mongod.sock").is_socket()
        assert not (data / "mongod.sock").stat().st_mode & 0o077
        assert not data.stat().st_mode & 0o077


def test_stop_ends_mongod_and_leaves_no_socket(data: Path) -> None:
    mongod = Mongod(data)
    mongod.start()
    pid = mongod.pid
    mongod.stop()
    assert pid is not None
    assert not is_running(pid)
    assert not (data / "mongod.sock").exists()
    mongod.stop()


def test_stop_kills_a_mongod_that_does_not_end_in_time(data: Path) -> None:
    mongod = Mongod(data)
    mongod.start()
    assert mongod.pid is not None
    os.kill(mongod.pid, signal.SIGSTOP)
    mongod.stop(timeout=0.2)
    assert not is_running(mongod.pid)


def test_an_empty_store_takes_less_than_20_mb_on_disk(data: Path) -> None:
    with Mongod(data):
        assert disk_use(data) < 20_000_000
    assert disk_use(data) < 20_000_000


def test_mongod_has_the_sizes_that_it_was_told_and_a_session_of_its_own(data: Path) -> None:
    sizes = Options(cache_mb=384, oplog_mb=1000, journal_mb=4)
    with Mongod(data, sizes) as mongod, MongoClient[Document](mongod.uri) as client:
        oplog = client.local.command("collStats", "oplog.rs")
        status = client.admin.command("serverStatus")
        told = client.admin.command("getCmdLineOpts")["parsed"]["storage"]["wiredTiger"]
        assert oplog["maxSize"] == 1000 * 1024 * 1024
        assert status["wiredTiger"]["cache"]["maximum bytes configured"] == 384 * 1024 * 1024
        assert "file_max=4MB" in told["engineConfig"]["configString"]
        # Else a Ctrl-C at the terminal would end it before the service has done with it.
        assert mongod.pid is not None
        assert os.getsid(mongod.pid) != os.getsid(0)


def test_a_killed_mongod_comes_back_with_every_acknowledged_write(data: Path) -> None:
    with Mongod(data) as mongod:
        insert(mongod.uri, 1)
        killed = mongod.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: is_back(mongod, killed))
        assert numbers(mongod.uri) == [1]
        insert(mongod.uri, 2)


@pytest.mark.skipif(not LINUX, reason="only Linux ends a process with its parent")
def test_a_killed_service_loses_nothing_and_starts_again_at_once(data: Path) -> None:
    owner, pid, uri = start_owner(data)
    insert(uri, 1)
    owner.kill()
    owner.communicate()
    with Mongod(data) as mongod:
        assert not is_running(pid)
        assert numbers(mongod.uri) == [1]


@pytest.mark.skipif(not LINUX, reason="only Linux ends a process with its parent")
def test_a_killed_service_leaves_no_orphan_even_if_nothing_starts_again(data: Path) -> None:
    owner, pid, _ = start_owner(data)
    owner.kill()
    owner.communicate()
    assert eventually(lambda: not is_running(pid))


def test_a_mongod_that_outlives_its_killed_service_is_ended_by_the_next_start(data: Path) -> None:
    owner, pid, uri = start_owner(data)
    insert(uri, 1)
    os.kill(pid, signal.SIGSTOP)
    owner.kill()
    owner.communicate()
    with Mongod(data, Options(stop_seconds=1)) as mongod:
        assert not is_running(pid)
        assert numbers(mongod.uri) == [1]


def test_a_moved_data_directory_is_writable(data: Path) -> None:
    with Mongod(data) as mongod:
        insert(mongod.uri, 1)
    moved = data.with_name("moved")
    data.rename(moved)
    with Mongod(moved) as mongod:
        insert(mongod.uri, 2)
        assert numbers(mongod.uri) == [1, 2]


@pytest.mark.parametrize("name", ["x" * 110, "a, b: ü", "Data"], ids=["long", "strange", "capital"])
def test_a_path_that_no_socket_can_have_gets_a_short_private_one(
    data: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(data.parent))
    with Mongod(data / name) as mongod:
        insert(mongod.uri, 1)
        [short] = data.parent.glob(f"sitewatt-{os.getuid()}-*/mongod.sock")
        assert not short.parent.stat().st_mode & 0o077
    assert not short.parent.exists()


def test_a_short_directory_that_somebody_else_prepared_is_refused(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(data.parent))
    mongod = Mongod(data / ("x" * 110))
    prepared = Path(parse_uri(mongod.uri)["nodelist"][0][0]).parent
    prepared.symlink_to(data.parent)
    with pytest.raises(MongodError, match="not a directory of this user alone"):
        mongod.start()
    prepared.unlink()
    prepared.mkdir(mode=0o755)
    with pytest.raises(MongodError, match="remove it"):
        Mongod(data / ("x" * 110)).start()
    prepared.rmdir()
    prepared.touch(mode=0o600)
    with pytest.raises(MongodError, match="remove it"):
        Mongod(data / ("x" * 110)).start()


def test_a_private_directory_of_another_user_is_refused(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(data.parent))
    another = os.getuid() + 1
    monkeypatch.setattr("sitewatt.mongod.directory.os.getuid", lambda: another)
    mongod = Mongod(data / ("x" * 110))
    prepared = Path(parse_uri(mongod.uri)["nodelist"][0][0]).parent
    prepared.mkdir(mode=0o700)
    with pytest.raises(MongodError, match="not a directory of this user alone"):
        mongod.start()


def test_a_second_start_on_one_directory_is_refused_and_the_first_goes_on(data: Path) -> None:
    owner, pid, uri = start_owner(data)
    with pytest.raises(MongodError, match=f"in use by process {owner.pid}"):
        Mongod(data).start()
    insert(uri, 1)
    os.kill(pid, signal.SIGKILL)
    owner.kill()
    owner.communicate()


def test_a_file_in_place_of_the_directory_is_named(data: Path) -> None:
    data.touch()
    with pytest.raises(MongodError, match=f"{data} is a file"):
        Mongod(data).start()
    with pytest.raises(MongodError, match=f"{data} is a file"):
        Mongod(data / "below").start()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_named(data: Path) -> None:
    data.mkdir(mode=0o500)
    with pytest.raises(MongodError, match="Permission denied"):
        Mongod(data).start()


def test_a_store_that_mongod_cannot_read_is_explained_in_the_words_of_its_log(data: Path) -> None:
    with Mongod(data):
        pass
    (data / "mongodb" / "WiredTiger.turtle").write_text("rubbish")
    with pytest.raises(MongodError, match=r"corruption detected.*turtle.*mongod\.log"):
        Mongod(data).start()
    assert not (data / "mongod.sock").exists()


def test_an_option_that_mongod_refuses_is_explained_in_its_words(data: Path) -> None:
    with pytest.raises(MongodError, match="cacheSizeGB must be greater than"):
        Mongod(data, Options(cache_mb=1)).start()


def test_a_long_log_is_set_aside_while_mongod_runs(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongod_process, "LOG_LOOK_MS", 1200)
    with Mongod(data, Options(log_mb=0)) as mongod:
        assert eventually(lambda: (data / "mongod.log.1").exists())
        assert eventually(lambda: (data / "mongod.log").exists())
        insert(mongod.uri, 1)


def test_a_long_log_is_set_aside_before_mongod_starts(data: Path, path: Path) -> None:
    fake_mongod(path, '[ "$1" = --version ] && echo db version v7.0.12 || exit 3')
    data.mkdir()
    (data / "mongod.log").write_bytes(b"x" * 1_000_001)
    with pytest.raises(MongodError, match="exit status 3"):
        Mongod(data, Options(log_mb=1)).start()
    assert (data / "mongod.log.1").stat().st_size == 1_000_001


@pytest.mark.usefixtures("path")
def test_the_wheel_is_used_when_none_is_on_path() -> None:
    assert find_binary().parts[-4:] == ("fiftyone", "db", "bin", "mongod")
    assert "fiftyone" not in sys.modules


def test_the_one_on_path_comes_first(path: Path) -> None:
    program = fake_mongod(path, "echo 'db version v7.0.12'")
    assert find_binary() == program


def test_one_on_path_that_is_too_old_gives_way_to_the_wheel(path: Path) -> None:
    program = fake_mongod(path, "echo 'db version v5.0.31'")
    assert find_binary() != program


@pytest.mark.usefixtures("path", "no_wheel")
def test_no_mongod_anywhere_names_the_three_ways_out(data: Path) -> None:
    with pytest.raises(MongodMissing) as caught:
        Mongod(data).start()
    for way in ("sitewatt[embedded]", "6.0 or newer on PATH", "SITEWATT_MONGODB_URI"):
        assert way in str(caught.value)
    assert not data.exists()


MISSING = "error while loading shared libraries: {}: cannot open shared object file"
GLIBC = "mongod: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by it)"


@pytest.mark.usefixtures("no_wheel")
@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (f'echo "{MISSING.format("libcurl.so.4")}" >&2; exit 127', "apt-get install libcurl4"),
        (f'echo "{MISSING.format("libcrypto.so.3")}" >&2; exit 127', "apt-get install libssl3"),
        (f'echo "{MISSING.format("libfoo.so.1")}" >&2; exit 127', "libfoo.so.1 is missing"),
        (f'echo "{GLIBC}" >&2; exit 1'.replace("`", "\\`"), "needs the C library glibc 2.34"),
        ("kill -4 $$", "AVX"),
        ("echo no such luck >&2; exit 3", "exit status 3, no such luck"),
        ("echo 'db version v4.4.29'", "is version 4.4; 6.0 or newer is needed"),
        ("echo hello", "is not a mongod"),
    ],
)
def test_a_mongod_that_cannot_be_used_is_explained(path: Path, script: str, sentence: str) -> None:
    program = fake_mongod(path, script)
    with pytest.raises(MongodMissing, match=re.escape(sentence)) as caught:
        find_binary()
    assert str(program) in str(caught.value)
    assert "SITEWATT_MONGODB_URI" in str(caught.value)


@pytest.mark.usefixtures("no_wheel")
def test_a_mongod_for_another_system_is_explained(path: Path) -> None:
    fake_mongod(path, "").write_bytes(b"\x7fELF of another world")
    with pytest.raises(MongodMissing, match="another system, C library or processor"):
        find_binary()


@pytest.mark.usefixtures("no_wheel")
def test_a_mongod_that_does_not_tell_its_version_is_not_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binary, "VERSION_SECONDS", 0.2)
    fake_mongod(path, "while true; do :; done")
    with pytest.raises(MongodMissing, match="did not tell its version"):
        find_binary()


@pytest.mark.usefixtures("path")
def test_a_wheel_without_a_mongod_is_none_and_one_that_may_not_be_run_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    place = tmp_path / "site" / "fiftyone" / "db" / "bin"
    place.mkdir(parents=True)
    with pytest.raises(MongodMissing, match="none is installed beside this program"):
        find_binary()
    fake_mongod(place, "echo db version v7.0.0").chmod(0o600)
    with pytest.raises(MongodMissing, match=r"bin/mongod cannot be run: Permission denied\."):
        find_binary()


def test_a_mongod_that_cannot_be_started_at_all_is_said_and_leaves_no_open_file(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_files()
    monkeypatch.setattr(sys, "executable", str(data / "none"))
    with pytest.raises(MongodError, match=r"mongod cannot be run: .*No such file"):
        Mongod(data).start()
    assert open_files() == before


def test_a_mongod_that_is_not_writable_in_time_is_ended(data: Path) -> None:
    mongod = Mongod(data, Options(start_seconds=0.01))
    with pytest.raises(MongodError, match=r"was not writable within 0\.01 s\. Its log is "):
        mongod.start()
    assert mongod.pid is not None
    assert not is_running(mongod.pid)


def test_who_is_stopped_before_mongod_has_started_starts_none(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go = threading.Event()

    class Held:
        """A clock that is looked at just before mongod is started."""

        monotonic = staticmethod(lambda: float(may_go.wait(30)))

    monkeypatch.setattr(keeper, "time", Held)
    mongod = Mongod(data)
    mongod._directory.take(grace=0)
    mongod._keeper.start()
    later = threading.Timer(0.3, may_go.set)
    later.start()
    mongod.stop()
    later.join()
    assert str(mongod._writable.exception()) == "mongod was stopped before it had started."
    assert mongod.pid is None


class Lives:
    """The lives of a mongod, in seconds; it is a clock, and what is waited on between two lives."""

    def __init__(self, *seconds: float) -> None:
        self.left = [*seconds]
        self.now = 0.0
        self.pauses: list[float] = []

    def live(self) -> MongodError:
        self.now += self.left.pop(0)
        return MongodError("mongod ended.")

    def monotonic(self) -> float:
        return self.now

    def is_set(self) -> bool:
        return not self.left

    def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)


def kept_alive(data: Path, monkeypatch: pytest.MonkeyPatch, *seconds: float) -> list[float]:
    """The pauses between the lives of a mongod that was writable once and keeps ending."""
    lives, mongod = Lives(*seconds), Mongod(data)
    monkeypatch.setattr(keeper, "time", lives)
    monkeypatch.setattr(mongod, "_live", lives.live)
    monkeypatch.setattr(mongod, "_stopping", lives)
    mongod._writable.set_result(None)
    mongod._keep()
    return lives.pauses


def test_a_mongod_that_ends_at_once_is_started_ever_more_seldom_until_it_has_lived_a_while(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    data.mkdir()
    monkeypatch.setattr(keeper, "free_mb", lambda _: LEAST_MB)
    pauses = kept_alive(data, monkeypatch, 0, *[1] * 9, 59, 61, 1, 1)
    doubled = [0.2 * 2**times for times in range(8)]
    assert pauses == pytest.approx([*doubled, 30, 30, 30, 0.2, 0.4, 0.8])
    # Who stops it is told nothing of its end.
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 13
    assert caplog.messages[:2] == [
        "mongod ended; it is started again in 0.2 s",
        "mongod ended; it is started again in 0.4 s",
    ]


def test_where_mongod_ends_for_want_of_room_that_is_said(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeper, "free_mb", lambda _: LEAST_MB - 1)
    kept_alive(data, monkeypatch, 1, 1)
    assert caplog.messages[1:] == [f"the disk of {data} has 31 MB left: make room"]


CONFIGURING = ["hello", "replSetGetConfig", "replSetInitiate"]


class Starting:
    """The database `admin` of a mongod that starts: it refuses commands with codes, by name."""

    def __init__(self, **codes: int) -> None:
        self.codes = codes
        self.asked: list[str] = []

    def command(self, name: str, *_: object, **__: object) -> Document:
        self.asked.append(name)
        if name in self.codes:
            raise OperationFailure("no", self.codes[name])
        return {}


@pytest.mark.parametrize(
    ("codes", "asked"),
    [
        ({"replSetGetConfig": 13}, CONFIGURING[:2]),
        ({"replSetGetConfig": 94, "replSetInitiate": 23}, CONFIGURING),
        ({"replSetGetConfig": 94, "replSetInitiate": 74}, CONFIGURING),
    ],
)
def test_a_mongod_that_still_starts_is_not_writable_yet_whatever_it_refuses(
    codes: dict[str, int], asked: list[str]
) -> None:
    starting: Any = Starting(**codes)
    assert not replica._is_writable(starting, "/a/mongod.sock")
    assert starting.asked == asked


def test_a_directory_that_is_gone_is_not_said_to_be_full(data: Path) -> None:
    assert has_room(data, uri_of(DataDirectory(data).socket))


def test_room_is_what_is_left_to_this_user_and_of_a_database_elsewhere_nothing_is_said(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = uri_of(DataDirectory(data).socket)

    def leave(blocks: int) -> None:
        disk = SimpleNamespace(f_bavail=blocks, f_bfree=10**9, f_frsize=1_000)
        monkeypatch.setattr(room.os, "statvfs", lambda _: disk)

    leave(LEAST_MB * 1_000)
    require_room(data)
    assert has_room(data, uri)
    leave(LEAST_MB * 1_000 - 600)
    assert not has_room(data, uri)
    assert has_room(data, "mongodb://db.example/")
    with pytest.raises(MongodError, match="has 31 MB left, and MongoDB needs 32 MB to start"):
        require_room(data)


def test_a_shorter_pid_leaves_nothing_of_a_longer_one(data: Path) -> None:
    owned = DataDirectory(data)
    owned.take(grace=0)
    try:
        owned.record_mongod(1_234_567)
        owned.record_mongod(89)
        assert (data / "sitewatt.lock").read_text() == f"{os.getpid()}\n89\n"
    finally:
        owned.release()
    again = DataDirectory(data)
    again.take(grace=0)
    assert (data / "sitewatt.lock").read_text() == f"{os.getpid()}\n0\n"
    again.release()


def test_two_that_ask_at_once_whether_a_directory_is_taken_do_not_take_each_other_for_its_owner(
    data: Path,
) -> None:
    owned = DataDirectory(data)
    owned.take(grace=0)
    assert owned.is_taken()
    owned.release()
    with (data / "sitewatt.lock").open() as asked:
        fcntl.flock(asked, fcntl.LOCK_SH)
        assert not DataDirectory(data).is_taken()


def test_who_does_not_own_a_directory_writes_nothing_into_it(data: Path) -> None:
    DataDirectory(data).record_mongod(1)
    assert not data.exists()


def test_a_directory_that_cannot_be_locked_is_named_and_left(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    before = open_files()
    with monkeypatch.context() as patch:
        patch.setattr("sitewatt.mongod.directory.fcntl.flock", without_locks)
        with pytest.raises(MongodError, match="cannot be used: No locks available"):
            DataDirectory(data).take(grace=0)
    assert open_files() == before


def test_a_mongod_of_somebody_else_on_the_directory_is_named_and_left_alone(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sitewatt.mongod.directory.KILL_SECONDS", 0.1)
    (data / "mongodb").mkdir(parents=True)
    with (data / "mongodb" / "mongod.lock").open("w") as lock:
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(MongodError, match=rf"Another mongod \(process {os.getpid()}\)"):
            DataDirectory(data).take(grace=0.1)
    owned = DataDirectory(data)
    owned.take(grace=0)
    owned.release()


LEASH = [sys.executable, "-m", "sitewatt.mongod.leash"]


@pytest.mark.skipif(not LINUX, reason="only Linux ends a process with its parent")
def test_what_is_leashed_is_the_command_itself_and_ends_with_its_owner() -> None:
    told = (
        "import ctypes, os; sign = ctypes.c_int();"
        "ctypes.CDLL(None).prctl(2, ctypes.byref(sign)); print(os.getpid(), sign.value)"
    )
    command = [*LEASH, str(os.getpid()), sys.executable, "-c", told]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        said, _ = process.communicate(timeout=60)
    assert said.split() == [str(process.pid), str(int(signal.SIGTERM))]


def test_what_is_leashed_to_who_has_ended_does_not_begin() -> None:
    done = subprocess.run(
        [*LEASH, "1", "/bin/echo", "begun"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "the owner of this mongod has ended\n"


def test_a_socket_that_is_about_to_be_there_is_waited_for(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert running_uri(data) is None
    owned = DataDirectory(data)
    owned.take(grace=0)
    try:
        monkeypatch.setattr(keeper, "STARTING_SECONDS", 0.1)
        with pytest.raises(MongodError, match="is starting or ending"):
            running_uri(data)
        monkeypatch.setattr(keeper, "STARTING_SECONDS", 30.0)
        timer = threading.Timer(0.3, owned.socket.touch)
        timer.start()
        assert running_uri(data) == uri_of(owned.socket)
        timer.join()
    finally:
        owned.release()
    assert running_uri(data) is None

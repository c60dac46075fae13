"""Several mongods on this machine as one replica set, on unix sockets in a temporary directory."""

import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from bench.common.servers import ticks
from bench.stored.mongod import START, Stores
from sitewatt.mongod import MongodError, Options, find_binary
from sitewatt.mongod.directory import DataDirectory
from sitewatt.mongod.process import MongodProcess
from sitewatt.mongod.replica import REPLICA_SET, direct_uri_of

PATIENCE = 60.0


class Replicas(Stores):
    """The members of a running replica set, by their sockets."""

    def __init__(
        self, members: Mapping[str, MongodProcess], uri: str, client: MongoClient[dict[str, Any]]
    ) -> None:
        self._members = dict(members)
        self.primary = _primary(members)
        super().__init__(uri, self._members[self.primary].pid, client)

    def secondaries_ticks(self) -> int:
        """Return the processor time that the other members have used, in ticks."""
        return sum(ticks(process.pid) for process in self._members.values()) - self.ticks()

    def kill_primary(self) -> None:
        """End the primary as the loss of its machine would."""
        self._members[self.primary].send_signal(signal.SIGKILL)


@contextmanager
def running_replicas(parent: Path | None, number: int) -> Iterator[Replicas]:
    """Give a set of so many members; their files are in `parent` and go in the end.

    Writes are flushed to disk before they are acknowledged, so what `parent` is on counts.
    """
    binary, options = find_binary(), Options(START.cache_mb, START.oplog_mb)
    with ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tick", dir=parent)))
        members: dict[str, MongodProcess] = {}
        for name in map(str, range(number)):
            directory = DataDirectory(top / name)
            directory.take(grace=0)
            stack.callback(directory.release)
            process = MongodProcess(binary, directory, options)
            members[str(directory.socket)] = stack.enter_context(process)
        _initiate(list(members))
        hosts = ",".join(quote(socket, safe="") for socket in members)
        uri = f"mongodb://{hosts}/?replicaSet={REPLICA_SET}"
        client = stack.enter_context(MongoClient[dict[str, Any]](uri))
        yield Replicas(members, uri, client)


def _initiate(sockets: list[str]) -> None:
    members = [{"_id": number, "host": socket} for number, socket in enumerate(sockets)]
    _wait(lambda: all(map(_hello, sockets)), "not every member of the set has started")
    with MongoClient[dict[str, Any]](direct_uri_of(Path(sockets[0]))) as client:
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})


def _primary(members: Mapping[str, object]) -> str:
    """Return the member that takes writes, once there is one and all others follow it."""
    states: dict[str, dict[str, Any]] = {}

    def settled() -> bool:
        states.update({socket: _hello(socket) for socket in members})
        kinds = [(s.get("isWritablePrimary"), s.get("secondary")) for s in states.values()]
        return kinds.count((True, False)) == 1 and kinds.count((False, True)) == len(kinds) - 1

    _wait(settled, "the set has no primary that all others follow")
    return next(socket for socket, state in states.items() if state["isWritablePrimary"])


def _hello(socket: str) -> dict[str, Any]:
    """Return what a member says of itself; nothing when it does not answer."""
    uri = direct_uri_of(Path(socket))
    try:
        with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=500) as client:
            return client.admin.command("hello")
    except PyMongoError:
        return {}


def _wait(until: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        if time.monotonic() > deadline:
            raise MongodError(otherwise)
        time.sleep(0.1)

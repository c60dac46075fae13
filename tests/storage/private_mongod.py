"""A mongod of the tests' own: one member, one socket, one temporary directory."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote_plus

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure

from sitewatt.mongod import find_binary

R = TypeVar("R")
_OPTIONS = {
    "replSet": "tests",
    "oplogSize": "128",
    "wiredTigerCacheSizeGB": "0.25",
    "wiredTigerEngineConfigString": "log=(file_max=8MB,prealloc=false)",
    "setParameter": "diagnosticDataCollectionEnabled=false",
}
_FAIL_POINTS = ["--setParameter", "enableTestCommands=1"]


class PrivateMongod:
    """A running replica set of one; its directory is short, because a socket's path must be."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="swt", dir="/tmp"))
        self._socket = self._directory / "s.sock"
        self.uri = f"mongodb://{quote_plus(str(self._socket))}/?directConnection=true"
        self._process = self._start()
        with MongoClient[Any](self.uri, serverSelectionTimeoutMS=500) as client:
            _patiently(lambda: self._initiate(client))
        self._wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal: SIGSTOP to hang it, SIGCONT to let it go on, SIGKILL to end it."""
        self._process.send_signal(number)
        if number is signal.SIGSTOP:
            stat = Path(f"/proc/{self._process.pid}/stat")
            while stat.read_text().rpartition(")")[2].split()[0] != "T":
                time.sleep(0.001)

    def kill_and_restart(self) -> None:
        """End the process as a crash would, and start another one on what it has stored."""
        self._process.kill()
        self._process.wait()
        self._process = self._start()
        self._wait()

    def stop(self) -> None:
        """End the process and remove what it stored."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._directory)

    def _start(self) -> subprocess.Popen[bytes]:
        options = [part for name, value in _OPTIONS.items() for part in (f"--{name}", value)]
        places = ["--dbpath", self._directory, "--bind_ip", self._socket]
        command = [find_binary(), *options, *_FAIL_POINTS, *places]
        with (self._directory / "log").open("wb") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def _initiate(self, client: MongoClient[Any]) -> None:
        members = [{"_id": 0, "host": str(self._socket)}]
        client.admin.command("replSetInitiate", {"_id": "tests", "members": members})

    def _wait(self) -> None:
        with MongoClient[Any](self.uri, serverSelectionTimeoutMS=500) as client:
            while not _patiently(lambda: client.admin.command("hello"))["isWritablePrimary"]:
                time.sleep(0.05)


def _patiently(call: Callable[[], R], tries: int = 60) -> R:
    """Return what the call returns as soon as there is a connection."""
    for _ in range(tries):
        with suppress(ConnectionFailure):
            return call()
    return call()

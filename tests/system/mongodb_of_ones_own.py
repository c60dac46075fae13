"""A mongod as an operator starts one: on a port, with access control, and no set as yet."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from program import START_SECONDS, data_directory, eventually

from sitewatt.mongod import find_binary


@contextmanager
def locked_mongod(replica_set: str) -> Iterator[int]:
    """Give the port of a mongod that wants passwords, and is to become a set of that name."""
    with data_directory() as directory:
        directory.mkdir()
        key = directory / "key"
        key.write_text("0123456789abcdef" * 4)
        key.chmod(0o400)
        port = _free_port()
        with _running(directory, port, "--replSet", replica_set, "--keyFile", str(key)):
            assert eventually(lambda: _listens(port), within=START_SECONDS)
            yield port


@contextmanager
def _running(directory: Path, port: int, *words: str) -> Iterator[None]:
    sizes = ("--oplogSize", "50", "--wiredTigerCacheSizeGB", "0.25")
    places = ("--dbpath", str(directory), "--bind_ip", "127.0.0.1", "--port", str(port))
    command = [find_binary(), *places, *sizes, *words, "--nounixsocket"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"}
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False

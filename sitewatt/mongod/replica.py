"""From a mongod that has just been started to the writable primary of a set of one."""

import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

REPLICA_SET = "sitewatt"
POLL_SECONDS = 0.02
NOT_YET_INITIALIZED = 94
ALREADY_INITIALIZED = 23

Document = Mapping[str, Any]


def uri_of(address: Path) -> str:
    """The connection string of the replica set of one on this socket.

    It names the set, so that a client waits for the primary. A client that connects to the mongod
    as such may do so while it still starts, and then believes for good that it has no sessions.
    """
    return f"mongodb://{quote(str(address), safe='')}/?replicaSet={REPLICA_SET}"


def direct_uri_of(address: Path) -> str:
    """The connection string of the mongod on this socket, whatever its state."""
    return f"mongodb://{quote(str(address), safe='')}/?directConnection=true"


def make_writable(address: Path, *, waiting: Callable[[], None]) -> None:
    """Returns as soon as the mongod on this socket accepts writes.

    A new store is initiated; a store whose socket had another path is reconfigured by force, for
    a member that does not find itself in its configuration never becomes writable. `waiting` is
    called again and again meanwhile, and raises when there is nothing more to wait for.
    """
    while not _listens(address):
        waiting()
        time.sleep(POLL_SECONDS)
    with MongoClient[Document](
        direct_uri_of(address), serverSelectionTimeoutMS=1000, socketTimeoutMS=10_000
    ) as client:
        while not _is_writable(client.admin, str(address)):
            waiting()
            time.sleep(POLL_SECONDS)


def _listens(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(address)) == 0


def _is_writable(admin: Database[Document], host: str) -> bool:
    """Any error is a "not yet": mongod drops connections when it changes state or ends."""
    try:
        hello = admin.command("hello")
        if hello.get("isWritablePrimary") and hello.get("me") == host:
            return True
        _configure(admin, host)
    except PyMongoError:
        pass
    return False


def _configure(admin: Database[Document], host: str) -> None:
    try:
        config = admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALIZED:
            raise
        _initiate(admin, host)
    else:
        _reconfigure(admin, host, config)


def _initiate(admin: Database[Document], host: str) -> None:
    members = [{"_id": 0, "host": host}]
    try:
        admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
    except OperationFailure as error:
        # A mongod that is still loading its configuration says first that it has none.
        if error.code != ALREADY_INITIALIZED:
            raise


def _reconfigure(admin: Database[Document], host: str, config: Document) -> None:
    member = config["members"][0]
    if member["host"] != host:
        moved = {**config, "version": config["version"] + 1, "members": [{**member, "host": host}]}
        admin.command("replSetReconfig", moved, force=True)

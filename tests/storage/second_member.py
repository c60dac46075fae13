"""A second member for a mongod of the tests: without it there is no majority of two."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from private_mongod import PrivateMongod
from pymongo import MongoClient


class Member(PrivateMongod):
    """A mongod that waits to be taken into the set of another one."""

    @property
    def host(self) -> str:
        """How the others of the set call it."""
        return str(self._socket)

    def _initiate(self, client: MongoClient[Any]) -> None:
        """Leave that to the set it is to be in; return when it answers."""
        client.admin.command("ping")

    def _wait(self) -> None:
        """It is no primary, and never will be."""


@contextmanager
def second_member(first: PrivateMongod) -> Iterator[PrivateMongod]:
    """Give the second of two members, once writes are confirmed by both; it stays secondary."""
    member = Member()
    try:
        with MongoClient[Any](first.uri, timeoutMS=60_000) as client:
            config = client.admin.command("replSetGetConfig")["config"]
            config["members"].append({"_id": 1, "host": member.host, "priority": 0})
            config["version"] += 1
            config["settings"]["electionTimeoutMillis"] = 4_000
            client.admin.command("replSetReconfig", config)
            # It has no vote before it has copied all there is.
            while client.admin.command("replSetGetStatus")["votingMembersCount"] < 2:
                time.sleep(0.1)
        yield member
    finally:
        member.stop()

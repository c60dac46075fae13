"""Makes a replica set of the members that it is given, and the users of it, and ends.

Run where the first member is on 127.0.0.1: MongoDB takes its first user from its own machine only.
Whatever is done already is left as it is, so it may run at every start, and go on after a crash.
A member that lacks is added without a vote, and gets its vote when it has caught up; none is
removed.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

Document = dict[str, Any]
Client = MongoClient[Document]

SECONDARY = 2

ADMINISTRATOR = "admin"
SECRETS = Path("/run/secrets")
WAIT_SECONDS = 120.0
PAUSE_SECONDS = 0.5


class Refused(Exception):
    """It cannot be done; the text says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when the set and its users are as asked for, 1 when they cannot be made so."""
    given = _parser().parse_args(arguments)
    try:
        prepare(given.members.split(","), _content(given.uri_file), _content(given.password_file))
    except (PyMongoError, Refused) as error:
        print(f"initiate: {error}", file=sys.stderr)
        return 1
    return 0


def prepare(members: Sequence[str], service_uri: str, password: str) -> None:
    """Make the set of the members, its administrator, and the user of the service's URI."""
    uri = parse_uri(service_uri, validate=False)
    name, port = uri["options"].get("replicaSet"), int(members[0].rpartition(":")[2])
    if not (name and uri["username"] and uri["password"] and uri["database"]):
        raise Refused("the service's URI must name replicaSet, user, password and database")
    with MongoClient[Document]("127.0.0.1", port, directConnection=True) as own:
        initiate(own, name, members[0])
        create_administrator(own, password)
    with MongoClient[Document](
        members, replicaSet=name, username=ADMINISTRATOR, password=password
    ) as client:
        set_user(client, str(uri["username"]), str(uri["password"]), str(uri["database"]))
        add_members(client, members)


def initiate(own: Client, name: str, member: str) -> None:
    """Make a set of this one member, unless it belongs to a set, and wait until it serves."""

    def serves() -> bool:
        hello = own.admin.command("hello")
        if "setName" not in hello:
            members = [{"_id": 0, "host": member}]
            own.admin.command("replSetInitiate", {"_id": name, "members": members})
            print(f"the replica set {name} has been made, of {member}")
        return bool(hello.get("isWritablePrimary") or hello.get("secondary"))

    _wait(f"{member} to serve in the set {name}", serves)


def create_administrator(own: Client, password: str) -> None:
    """Make the user that makes the others, unless it is there; raises Refused for its password."""
    if _is_password(own, password):
        return
    try:
        own.admin.command("createUser", ADMINISTRATOR, pwd=password, roles=["root"])
        print(f"the user {ADMINISTRATOR} has been made")
    except OperationFailure:
        raise Refused(
            f"the set has users, and {ADMINISTRATOR} with the given password is none of them"
        ) from None


def set_user(client: Client, user: str, password: str, database: str) -> None:
    """Give the service its user, with the password of its URI, and rights on its database alone.

    `readWrite` lacks one thing that the service does: it changes what a collection may hold.
    """
    change = {"resource": {"db": database, "collection": ""}, "actions": ["collMod"]}
    rights = {"privileges": [change], "roles": [{"role": "readWrite", "db": database}]}
    _create_or_update(client, "Role", user, rights)
    _create_or_update(client, "User", user, {"pwd": password, "roles": [user]})


def _create_or_update(client: Client, kind: str, name: str, content: Document) -> None:
    there = client.admin.command(f"{kind.lower()}sInfo", name)[f"{kind.lower()}s"]
    client.admin.command(f"{'update' if there else 'create'}{kind}", name, **content)
    print(f"the {kind.lower()} {name} has been {'set' if there else 'made'}")


def add_members(client: Client, hosts: Sequence[str]) -> None:
    """Add the members that lack, one after the other, each with a vote as soon as it has caught up.

    Until then it counts for no majority: a write must not wait for what only begins to copy.
    """
    for host in hosts:
        members = _members(client)
        if host not in members:
            number = max(member["_id"] for member in members.values()) + 1
            members[host] = {"_id": number, "host": host, "votes": 0, "priority": 0}
            _reconfigure(client, members)
            print(f"{host} has been added")
        if not members[host]["votes"]:
            _wait(f"{host} to catch up", partial(_has_caught_up, client, host))
            members[host] |= {"votes": 1, "priority": 1}
            _reconfigure(client, members)
            print(f"{host} has a vote")


def _has_caught_up(client: Client, host: str) -> bool:
    status = client.admin.command("replSetGetStatus")["members"]
    return any(member["name"] == host and member["state"] == SECONDARY for member in status)


def _members(client: Client) -> dict[str, Document]:
    configuration = client.admin.command("replSetGetConfig")["config"]
    return {member["host"]: member for member in configuration["members"]}


def _reconfigure(client: Client, members: Mapping[str, Document]) -> None:
    """Change the members; not yet while the change before it is not yet a majority's."""

    def changed() -> bool:
        configuration = client.admin.command("replSetGetConfig")["config"]
        configuration |= {
            "version": configuration["version"] + 1,
            "members": list(members.values()),
        }
        client.admin.command("replSetReconfig", configuration)
        return True

    _wait("the set to take its new configuration", changed)


def _is_password(own: Client, password: str) -> bool:
    host, port = own.address or ("127.0.0.1", 27017)
    with MongoClient[Document](
        host, port, directConnection=True, username=ADMINISTRATOR, password=password
    ) as client:
        try:
            client.admin.command("ping")
        except OperationFailure:
            return False
        return True


def _wait(what: str, done: Callable[[], bool]) -> None:
    """Return when it is done; an error is a "not yet", and told when the time is over."""
    deadline, last = time.monotonic() + WAIT_SECONDS, ""
    while time.monotonic() < deadline:
        try:
            if done():
                return
        except PyMongoError as error:
            last = f": {error}"
        time.sleep(PAUSE_SECONDS)
    raise Refused(f"waited {WAIT_SECONDS:g} s for {what}{last}")


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="initiate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--members", required=True, help="HOST:PORT,... the first one is this one")
    parser.add_argument(
        "--uri-file", type=Path, default=SECRETS / "mongodb_uri", help="of the service"
    )
    password = SECRETS / "mongodb_admin_password"
    parser.add_argument("--password-file", type=Path, default=password, help="of the administrator")
    return parser


if __name__ == "__main__":
    sys.exit(main())

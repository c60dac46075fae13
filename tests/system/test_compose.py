"""What docker-compose.yml sets up: secrets, a replica set, its users, and the service on them.

There is no container here. The programs are the ones that the file names, with its own words: each
member is a mongod with the file's options, on a port of its own.
"""

import os
import shlex
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from deployment import COMPOSE, DEPLOY, SERVICES
from program import START_SECONDS, EarlyService, Service, data_directory, eventually, run
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from pymongo.uri_parser import parse_uri

from sitewatt.auth import AdminKey
from sitewatt.mongod import find_binary
from storage.rights import ACTIONS, COLLECTIONS, TO_LOOK

INITIATE = DEPLOY / "compose" / "initiate.py"
MAKE_SECRETS = DEPLOY / "compose" / "make-secrets"
MEMBERS = ("mongodb-1", "mongodb-2", "mongodb-3")

ALL = ", ".join([*ACTIONS, TO_LOOK])
SET = "the role sitewatt has been set\nthe user sitewatt has been set\n"

Done = subprocess.CompletedProcess[str]


class Members:
    """Three mongods that nobody has joined yet, and the secrets that belong to them."""

    def __init__(self, directory: Path) -> None:
        self.secrets = directory / "secrets"
        self.hosts = [f"127.0.0.1:{port}" for port in free_ports(len(MEMBERS))]
        make_secrets(self.secrets, MEMBERS=",".join(self.hosts))
        self.python: str | Path = sys.executable
        self._directory = directory

    @contextmanager
    def running(self) -> Iterator[None]:
        with ExitStack() as ends:
            for name, host in zip(MEMBERS, self.hosts, strict=True):
                process = self._start(name, host.rpartition(":")[2])
                ends.callback(process.wait)
                ends.callback(process.kill)
            yield

    def initiate(self, *hosts: str, password: Path | None = None) -> Done:
        """Run the one-shot service, first on one member, as its words in the file say."""
        words = [self.python, INITIATE, "--members", ",".join(hosts)]
        words += ["--uri-file", self.secrets / "mongodb_uri"]
        words += ["--password-file", password or self.secrets / "mongodb_admin_password"]
        return subprocess.run(words, capture_output=True, text=True, timeout=150)

    def client(self, secret: str = "mongodb_admin_password") -> MongoClient[dict[str, Any]]:
        """A client of the set as its administrator."""
        password = (self.secrets / secret).read_text()
        return MongoClient(self.hosts, replicaSet="rs0", username="admin", password=password)

    def _start(self, name: str, port: str) -> "subprocess.Popen[bytes]":
        place = self._directory / name
        place.mkdir(parents=True)
        service = SERVICES[name]
        # What the entry point does: a key file that mongod takes, and then the command.
        install = (
            service["entrypoint"][2].split(" && ")[0].replace("/run/secrets", str(self.secrets))
        )
        subprocess.run(shlex.split(install.replace("/tmp/keyfile", f"{place}/keyfile")), check=True)
        words = [word.replace("/tmp/keyfile", f"{place}/keyfile") for word in service["command"]]
        assert words.pop(0) == "mongod"
        words[words.index("--bind_ip_all")] = "--bind_ip=127.0.0.1"
        words[words.index("--wiredTigerCacheSizeGB=0.5")] = "--wiredTigerCacheSizeGB=0.25"
        words += [f"--port={port}", f"--dbpath={place}", "--nounixsocket", "--oplogSize=128"]
        words += ["--wiredTigerEngineConfigString=log=(file_max=8MB,prealloc=false)"]
        with (place / "log").open("wb") as log:
            return subprocess.Popen([find_binary(), *words], stdout=log, stderr=log)


def free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [server.getsockname()[1] for server in taken]


def make_secrets(directory: Path, **environment: str) -> Done:
    return subprocess.run(
        ["sh", MAKE_SECRETS, directory],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.fixture(scope="module")
def members() -> Iterator[Members]:
    with data_directory() as directory:
        directory.mkdir()
        members = Members(directory)
        with members.running():
            yield members


# The secrets


def test_the_secrets_are_those_of_the_file_and_each_is_fit(tmp_path: Path) -> None:
    make_secrets(tmp_path / "secrets")
    places = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    made = {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}
    assert made.keys() == places - {"certificate"}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    AdminKey.from_file(tmp_path / "secrets" / "admin_key")
    assert 6 <= len(made["mongodb_keyfile"]) <= 1024
    uri = parse_uri(made["mongodb_uri"])
    assert [f"{host}:{port}" for host, port in uri["nodelist"]] == [f"{m}:27017" for m in MEMBERS]
    assert (uri["username"], uri["database"]) == ("sitewatt", "sitewatt")
    assert len(uri["password"]) >= 43
    assert len({*made.values(), uri["password"]}) == len(made) + 1


def test_secrets_that_are_there_stay(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    before = {file.name: file.read_text() for file in tmp_path.iterdir()}
    (tmp_path / "admin_key").unlink()
    again = make_secrets(tmp_path)
    after = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert after.pop("admin_key") != before.pop("admin_key")
    assert after == before
    assert again.stderr.count("is there, and stays") == 3
    assert not any(text in again.stderr for text in before.values())


# The replica set and its users


def test_one_member_becomes_three_while_the_service_runs(members: Members) -> None:
    first = members.initiate(members.hosts[0])
    assert (first.returncode, first.stderr) == (0, ""), first.stderr
    with serving(members) as service:
        key = (members.secrets / "admin_key").read_text()
        service.client.headers["Authorization"] = f"Bearer {key}"
        assert [answer.status_code for answer in service.post_brief()] == [201, 201, 201]
        grown = members.initiate(*members.hosts)
        assert (grown.returncode, grown.stderr) == (0, ""), grown.stderr
        assert service.client.get("/v1/sites/1/live/latest").json()["soc"] == 20
        assert service.client.post("/v1/sites", json=named("Elsewhere")).status_code == 201
        secrets = [file.read_text() for file in members.secrets.iterdir()]
        assert not any(secret in service.log for secret in secrets)
    assert voting(members) == dict.fromkeys(members.hosts, 1)

    again = members.initiate(*members.hosts)
    assert (again.returncode, again.stdout) == (0, SET)


def test_the_service_has_rights_on_its_database_alone(members: Members) -> None:
    assert members.initiate(members.hosts[0]).returncode == 0
    uri = members.secrets / "mongodb_uri"
    for words in (("check",), ("check", "--store"), ("seal",)):
        done = run(*words, mongodb_uri_file=uri)
        assert (done.returncode, done.stderr) == (0, ""), words
    with MongoClient[dict[str, Any]](uri.read_text()) as client:
        for forbidden in (
            lambda: client["other"]["any"].insert_one({}),
            lambda: client["admin"]["system.users"].find_one(),
            lambda: client.drop_database("other"),
        ):
            with pytest.raises(OperationFailure, match="not authorized"):
                forbidden()


@pytest.mark.parametrize(
    ("password", "words"),
    [("right", "give it the roles readWrite and dbAdmin"), ("mistaken", "AuthenticationFailed")],
)
def test_a_user_who_may_not_do_all_is_told_what_is_wrong_and_makes_no_service_ready(
    members: Members, password: str, words: str
) -> None:
    assert members.initiate(members.hosts[0]).returncode == 0
    with members.client() as administrator:
        roles = [{"role": "read", "db": "sitewatt"}]
        users = administrator["sitewatt"].command("usersInfo", "reader")["users"]
        change = "updateUser" if users else "createUser"
        administrator["sitewatt"].command(change, "reader", pwd="right", roles=roles)
    uri = f"mongodb://reader:{password}@{members.hosts[0]}/sitewatt?replicaSet=rs0"
    refused = run("check", mongodb_uri=uri)
    assert refused.returncode == 1
    assert words in refused.stderr
    assert password not in refused.stderr
    with EarlyService(mongodb_uri=uri) as service:
        answer = service.client.get("/readyz")
        assert (answer.status_code, answer.json()["kind"]) == (503, "unauthorized")
        assert service.client.get("/livez").status_code == 200
        assert service.client.get("/v1/sites").status_code == 503
        assert eventually(lambda: words in service.log)
        assert password not in service.log


def test_a_user_who_lacks_a_collection_is_told_so_and_the_service_goes_on_once_it_may(
    members: Members,
) -> None:
    assert members.initiate(members.hosts[0]).returncode == 0
    uri = f"mongodb://part:right@{members.hosts[0]}/sitewatt?replicaSet=rs0"
    with members.client() as administrator:
        database = administrator["sitewatt"]

        def allow(*names: str) -> list[dict[str, Any]]:
            places = [{"db": "sitewatt", "collection": name} for name in names]
            return [{"resource": place, "actions": [*ACTIONS]} for place in places]

        look = {"resource": {"db": "sitewatt", "collection": ""}, "actions": [TO_LOOK]}
        but_one = allow(*(name for name in COLLECTIONS if name != "days"))
        database.command("createRole", "part", privileges=but_one, roles=[])
        database.command("createUser", "part", pwd="right", roles=["part"])
        refused = run("check", mongodb_uri=uri)
        assert refused.returncode == 1
        assert f"the user may not do this on the database `sitewatt`: {ALL}" in refused.stderr
        with EarlyService(mongodb_uri=uri) as service:
            assert hindrance(service) == "unauthorized"
            all_ = [look, *allow(*COLLECTIONS)]
            database.command("updateRole", "part", privileges=all_, roles=[])
            service.await_ready()
            assert service.client.post("/v1/sites", json=named("Late")).status_code == 201
            database.command("updateRole", "part", privileges=but_one, roles=[])
            assert eventually(lambda: hindrance(service) == "unauthorized")


def test_nobody_gets_in_without_a_password(members: Members) -> None:
    assert members.initiate(members.hosts[0]).returncode == 0
    with MongoClient[dict[str, Any]](members.hosts[0], directConnection=True) as nobody:
        with pytest.raises(OperationFailure, match="requires authentication"):
            nobody["sitewatt"]["sites"].find_one()
        with pytest.raises(OperationFailure, match="requires authentication"):
            nobody["admin"].command("createUser", "me", pwd="me", roles=["root"])


def test_another_password_for_the_administrator_is_refused(
    members: Members, tmp_path: Path
) -> None:
    assert members.initiate(members.hosts[0]).returncode == 0
    (tmp_path / "password").write_text("another")
    refused = members.initiate(members.hosts[0], password=tmp_path / "password")
    assert refused.returncode == 1
    assert refused.stderr.startswith("initiate: the set has users, and admin with the given")
    assert "another" not in refused.stderr


def test_an_address_that_does_not_say_enough_is_refused(members: Members) -> None:
    uri = members.secrets / "mongodb_uri"
    whole = uri.read_text()
    uri.chmod(0o600)
    for part, instead in {"replicaSet=rs0&": "", "/sitewatt?": "/?"}.items():
        uri.write_text(whole.replace(part, instead))
        refused = members.initiate(members.hosts[0])
        assert refused.returncode == 1
        assert refused.stderr.startswith("initiate: the service's URI must name replicaSet")
    uri.write_text(whole)


def test_a_new_password_of_the_service_is_set(members: Members) -> None:
    assert members.initiate(members.hosts[0]).returncode == 0
    uri = members.secrets / "mongodb_uri"
    before = uri.read_text()
    password = parse_uri(before)["password"]
    uri.chmod(0o600)
    uri.write_text(before.replace(password, password[::-1]))
    assert run("check", mongodb_uri_file=uri).returncode == 1
    assert members.initiate(members.hosts[0]).returncode == 0
    assert run("check", mongodb_uri_file=uri).returncode == 0


@contextmanager
def serving(members: Members) -> Iterator[Service]:
    """The service with the settings that the file gives it, and the secrets from their files."""
    given = {
        name.removeprefix("SITEWATT_").lower(): text.replace("/run/secrets", str(members.secrets))
        for name, text in SERVICES["sitewatt"]["environment"].items()
    }
    with Service("--host", "0.0.0.0", **given) as service:
        yield service


def hindrance(service: Service) -> str | None:
    """What /readyz says that keeps the service from its work."""
    answer = service.client.get("/readyz")
    assert answer.status_code in (200, 503), answer.text
    kind: str | None = answer.json().get("kind")
    return kind


def voting(members: Members) -> dict[str, int]:
    """Each member that serves, with its votes."""
    with members.client() as client:
        command = client.admin.command
        assert eventually(
            lambda: [m["state"] for m in command("replSetGetStatus")["members"]].count(2) == 2,
            within=START_SECONDS,
        )
        configuration = command("replSetGetConfig")["config"]
        return {member["host"]: member["votes"] for member in configuration["members"]}


def named(name: str) -> dict[str, str]:
    return {"name": name, "location": "north"}

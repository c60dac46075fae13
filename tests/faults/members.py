"""The members of a real replica set on this machine: processes that can be killed and hung."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from sitewatt.mongod import find_binary
from sitewatt.mongod.process import LEASH

SET = "faults"
PATIENCE_SECONDS = 90.0
Document = dict[str, Any]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return when it holds; fail when it does not come to."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await holds():
        assert time.monotonic() < deadline, f"never came: {what}"
        await asyncio.sleep(0.05)


class Member:
    """A mongod on a port. Others come to it by `address`, which may be a proxy's."""

    def __init__(
        self, directory: Path, words: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._directory = directory
        self._words = words
        self._environment = environment
        directory.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self) -> None:
        """Start it, for the first time or on what it has stored; it is not waited for."""
        sizes = ("--oplogSize", "100", "--wiredTigerCacheSizeGB", "0.25")
        engine = ("--wiredTigerEngineConfigString", "log=(file_max=8MB,prealloc=false)")
        places = ("--dbpath", str(self._directory), "--bind_ip", "127.0.0.1", "--nounixsocket")
        quiet = ("--setParameter", "diagnosticDataCollectionEnabled=false", "--quiet")
        # As docs/how-to/use-your-own-mongodb.md advises.
        lag = ("--setParameter", "oplogNetworkTimeoutBufferSeconds=1")
        names = ("--port", str(self.port), "--replSet", SET)
        words = [*places, *names, *sizes, *engine, *quiet, *lag, *self._words]
        leash = (sys.executable, "-I", "-S", str(LEASH), str(os.getpid()))
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*leash, str(find_binary()), *words],
                stdout=log,
                stderr=log,
                env={**os.environ, "LC_ALL": "C", **self._environment},
            )

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def send(self, sign: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(sign)

    def kill(self) -> None:
        """End it as a loss of power would, but for what the system holds of its files."""
        self._process.kill()
        self._process.wait()

    async def await_end(self) -> None:
        """Return when it has ended of itself."""
        while not self.ended:
            await asyncio.sleep(0.02)

    async def ask(self, command: str | Document, **more: Any) -> Document:
        """Return its answer to an administrator's command, not by the proxy; {} for none."""
        client = AsyncMongoClient[Document](
            f"mongodb://127.0.0.1:{self.port}/?directConnection=true",
            serverSelectionTimeoutMS=1000,
            socketTimeoutMS=20_000,
        )
        try:
            return await client.admin.command(command, **more)
        except PyMongoError:
            return {}
        finally:
            await client.close()


class ReplicaSet:
    """So many members. `initiate` makes a set of them."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = list(members)

    @property
    def uri(self) -> str:
        """The address that a service gets."""
        hosts = ",".join(member.address for member in self.members)
        return f"mongodb://{hosts}/?replicaSet={SET}"

    @property
    def straight_uri(self) -> str:
        """The address of the first member alone, past its proxy."""
        return f"mongodb://127.0.0.1:{self.members[0].port}/?directConnection=true"

    async def initiate(self, settings: Mapping[str, Any]) -> None:
        """Make a set of them, and return when one takes writes and the others follow."""
        for member in self.members:
            await until(lambda m=member: _answers(m), "an answer of a member")
        hosts = [{"_id": n, "host": member.address} for n, member in enumerate(self.members)]
        configuration = {"_id": SET, "members": hosts, "settings": dict(settings)}
        await self.members[0].ask({"replSetInitiate": configuration})
        await self.await_settled()

    async def await_settled(self) -> None:
        """Return when one member takes writes and all others follow it."""

        async def settled() -> bool:
            states = [await member.ask("hello") for member in self.members]
            primaries = sum(bool(state.get("isWritablePrimary")) for state in states)
            return primaries == 1 and sum(bool(s.get("secondary")) for s in states) == (
                len(states) - 1
            )

        await until(settled, "a primary that all others follow")

    async def primary(self) -> Member:
        """Return the member that takes writes, as soon as there is one."""
        found: list[Member] = []

        async def there_is_one() -> bool:
            for member in self.members:
                if not member.ended and (await member.ask("hello")).get("isWritablePrimary"):
                    found.append(member)
            return bool(found)

        await until(there_is_one, "a primary")
        return found[0]

    async def secondaries(self) -> list[Member]:
        """Return the other members."""
        primary = await self.primary()
        return [member for member in self.members if member is not primary]

    def close(self) -> None:
        """End all of them."""
        for member in self.members:
            member.kill()


async def _answers(member: Member) -> bool:
    return bool(await member.ask("hello"))

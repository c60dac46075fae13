"""One run of one fault: a database, the program, its clients, and the comparison in the end."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx
from pymongo import AsyncMongoClient

import openapi
from storage import Store, Unavailable, connect
from tests.faults.gateways import Gateways
from tests.faults.members import Document, Member, ReplicaSet, free_port
from tests.faults.proxy import Proxy
from tests.faults.records import COLUMNS, Found, Ledger, compare, stamp_of, values_of
from tests.system.program import Service

WEAK = Path(__file__).with_name("weak.py")
STEADY_WRITES = 60
"""So many new acknowledgements before a fault, and after it."""
BACK_SECONDS = 90.0

NOTHING: frozenset[str] = frozenset()
REFUSED = frozenset({"ConnectError"})
"""No new connection is taken."""
BROKEN_OFF = REFUSED | {"ReadError", "RemoteProtocolError", "WriteError"}
"""What was under way is, too."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong while gateways push, and on what it is tried."""

    name: str
    strike: Callable[["Scene"], Awaitable[None]]
    members: int = 1
    """Of the replica set; 0 for the embedded MongoDB."""
    proxied: bool = False
    broken: frozenset[str] = NOTHING
    """How requests may break, by the name of httpx's error: only where the service itself ends."""
    bounded: bool = False
    """Whether writes must go on within 1.5 x the election timeout + 1 s."""
    again: float = 0.15
    """The share of what was acknowledged that is sent once more."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of the service."""
    mongod: tuple[str, ...] = ()
    """More words for mongod."""
    lacking: Callable[[], str] = str
    """What this machine lacks for it; an empty text for nothing."""
    before: "Callable[[Scene], None] | None" = None
    """Done before anything is started."""
    prepare: "Callable[[Scene], Awaitable[None]] | None" = None
    """Done when the service is ready, and before anybody pushes."""

    @property
    def about(self) -> str:
        """What happens, in a sentence."""
        return (self.strike.__doc__ or "").strip().splitlines()[0]


class Pace(NamedTuple):
    """How much of everything: the long form's, unless told otherwise."""

    election: float = 10.0
    share: float = 1.0
    """Of the gateways."""
    rest: float = 3.0
    """Seconds before the fault, and after it."""
    times: int = 2
    """How often something is ended that comes back at once."""
    mongod: tuple[str, ...] = ()
    """More words for every mongod."""
    weak: bool = False
    """Whether the program acknowledges what one member has in memory: the control."""


class WeakService(Service):
    """The program with acknowledgements that promise nothing; nobody can set it so."""

    command = (sys.executable, WEAK, "serve", "--port", "0")


class Scene:
    """A database with a service and gateways before it; as a context, started and ended."""

    def __init__(self, fault: Fault, pace: Pace, seed: int) -> None:
        self.fault, self.pace = fault, pace
        self.ledger = Ledger()
        self.gateways = Gateways(self.ledger, seed=seed, share=pace.share, again=fault.again)
        self.proxies: list[Proxy] = []
        self.notes: list[str] = []
        self.set = ReplicaSet([])
        self.words: list[object] = []
        """More of the command line of the service."""
        self.prefix: tuple[str, ...] = ()
        """Before the command of the service."""
        self.member_environment: dict[str, str] = {}
        self.embedded_uri = ""
        """Of the embedded MongoDB, where the set has no members."""
        self.ends = AsyncExitStack()
        """What is done in the end, the last first."""

    async def __aenter__(self) -> Self:
        place = tempfile.TemporaryDirectory(prefix="swf-", dir="/tmp", ignore_cleanup_errors=True)
        self.directory = Path(self.ends.enter_context(place))
        try:
            await self._start()
        except BaseException:
            await self.ends.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.ends.aclose()

    async def _start(self) -> None:
        if self.fault.before:
            self.fault.before(self)
        self.ends.callback(lambda: self.set.close())
        for number in range(self.fault.members):
            await self._add_member(self.directory / str(number))
        if self.set.members:
            milliseconds = round(self.pace.election * 1000)
            await self.set.initiate({"electionTimeoutMillis": milliseconds})
        self.ends.callback(lambda: self.service.process.kill())
        await self.start_service()
        sites = [{"id": s, "name": f"Site {s}", "location": "north"} for s in self.gateways.sites]
        answer = await asyncio.to_thread(
            self.service.client.post, "/v1/sites", json={"sites": sites}
        )
        assert answer.status_code == 201, answer.text
        if self.fault.prepare:
            await self.fault.prepare(self)

    async def _add_member(self, directory: Path) -> None:
        words = (*self.fault.mongod, *self.pace.mongod)
        member = Member(directory, words, self.member_environment)
        self.set.members.append(member)
        if self.fault.proxied:
            proxy = Proxy(free_port(), lambda: member.port)
            await proxy.start()
            self.ends.push_async_callback(proxy.stop)
            self.proxies.append(proxy)
            member.address = f"127.0.0.1:{proxy.port}"

    @property
    def uri(self) -> str:
        """The address of the database."""
        return self.set.uri if self.set.members else self.embedded_uri

    async def start_service(self) -> None:
        """Start a service, in the place of the one before, and return when it is ready."""
        kind = WeakService if self.pace.weak else Service
        words = [*self.words]
        settings = {**self.fault.settings}
        if self.set.members:
            settings["mongodb_uri"] = self.uri
        prefixed = type(kind.__name__, (kind,), {"command": (*self.prefix, *kind.command)})
        self.service = prefixed(*words, **settings)
        await asyncio.to_thread(self.service.__enter__)
        self.gateways.url = self.service.url

    async def await_writes(self, number: int = STEADY_WRITES) -> None:
        """Return when so many more requests have stored something."""
        enough = len(self.ledger.writes) + number
        deadline = time.monotonic() + BACK_SECONDS
        while len(self.ledger.writes) < enough:
            assert time.monotonic() < deadline, f"no writes: {self.service.log[-2000:]}"
            await asyncio.sleep(0.02)

    async def compare(self) -> Found:
        """Return how the ledger compares with a majority read, of the settled store."""
        if self.set.members:
            await self.set.await_settled()
        await self._settle()
        found = compare(self.ledger, await self.documents())
        untold = await self._not_answered() - found.lost - found.wrong
        return found._replace(untold=max(0, untold))

    async def _settle(self) -> None:
        """Let everything that a crash left half done be finished, as the upkeep does."""
        async with connect(self.uri, timeout=60) as client:
            store = Store(client["sitewatt"], schemas=openapi.bundle()["components"]["schemas"])
            await self._prepare(store)
            # Nothing writes any more, so that no purge has to wait.
            store.sites._deletion._delay = 0
            await store.sites.sweep()
            await store.seal()

    async def _prepare(self, store: Store) -> None:
        """Prepare the store, as often as it takes, and say what it was unavailable for."""
        deadline = time.monotonic() + BACK_SECONDS
        while True:
            try:
                return await store.prepare()
            except Unavailable as error:
                print(f"  prepare: {error.kind}: {error.reason}", file=sys.stderr, flush=True)
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(1)

    async def documents(self) -> dict[str, list[Document]]:
        """Return the documents of the readings that a majority has."""
        client = AsyncMongoClient[Document](self.uri, readConcernLevel="majority")
        async with client:
            database = client["sitewatt"]
            return {name: await database[name].find().to_list() for name in ("live", "days")}

    async def _not_answered(self) -> int:
        """Return how many acknowledged readings the service does not give back."""
        missing, kept = 0, self.ledger.kept
        async with httpx.AsyncClient(timeout=60, trust_env=False, base_url=self.gateways.url) as c:
            for site in self.gateways.sites:
                there = await _answered(c, site)
                mine = [key for key in kept if key.site == site]
                missing += sum(there.get(stamp_of(key.instant)) != values_of(key) for key in mine)
        return missing


async def _answered(client: httpx.AsyncClient, site: int) -> dict[str, tuple[Any, ...]]:
    """Return the readings of a site as the service tells them, by their stamps; each once."""
    rows: dict[str, tuple[Any, ...]] = {}
    url: Any = f"/v1/sites/{site}/live?limit=10000"
    while url:
        page = await client.get(url)
        assert page.status_code == 200, page.text
        columns = page.json()
        table = zip(*(columns[name] for name in COLUMNS), strict=True)
        for stamp, *values in table:
            assert stamp not in rows, f"{stamp} of site {site} is told twice"
            rows[stamp] = tuple(values)
        url = page.url.join(page.links["next"]["url"]) if "next" in page.links else None
    return rows


class Outcome(NamedTuple):
    """What one run of a fault came to."""

    fault: Fault
    ledger: Ledger
    found: Found
    pause: float
    bound: float | None
    notes: list[str]

    @property
    def faults(self) -> list[str]:
        """Everything that must not be; empty for a fault that was survived."""
        found, ledger = self.found, self.ledger
        amiss = [f"{number} {name}" for name, number in found._asdict().items() if number]
        if ledger.odd:
            amiss.append(f"answers: {ledger.odd[0]}")
        if ledger.broken.keys() - self.fault.broken:
            amiss.append(f"broken connections: {dict(ledger.broken)}")
        if self.bound is not None and self.pause > self.bound:
            amiss.append(f"a pause of more than {self.bound:.1f} s")
        return amiss


async def run(fault: Fault, pace: Pace, seed: int) -> Outcome:
    """Return what one run of a fault came to."""
    async with Scene(fault, pace, seed) as scene:
        async with scene.gateways.pushing():
            await scene.await_writes()
            await asyncio.sleep(pace.rest)
            began = time.monotonic()
            await fault.strike(scene)
            await scene.await_writes()
            await asyncio.sleep(pace.rest)
            ended = time.monotonic()
        found = await scene.compare()
        await asyncio.to_thread(scene.service.stop)
    bound = 1.5 * pace.election + 1 if fault.bounded else None
    return Outcome(fault, scene.ledger, found, scene.ledger.pause(began, ended), bound, scene.notes)

"""Faults of the machine and of the clock, too few connections, and crashes of work in the store."""

import asyncio
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx
from pymongo import AsyncMongoClient

from sitewatt.mongod.directory import DataDirectory
from sitewatt.mongod.replica import uri_of
from storage.documents import reading_document
from storage.ids import day_id
from tests.faults.gateways import DAY, SLOT, begin_of
from tests.faults.members import Document, until
from tests.faults.records import Key, columns_of, values_of
from tests.faults.scene import BROKEN_OFF, Fault, Scene
from tests.system.program import SITEWATT, environment

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
JUMPS = ("+20h", "-20h", "+0")
"""Of one clock; it may differ from the others by less than a day."""
JUMP_SECONDS = 5.0
READERS = 250
"""More than twice the connections that a worker has to its database."""
DISK_MB = 200
VICTIMS = range(1001, 1009)


def _mounted(scene: Scene) -> None:
    disk = scene.directory / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", disk], check=True)
    scene.ends.callback(subprocess.run, ["umount", "--lazy", disk], check=True)
    scene.words = ["--data-dir", disk / "data", "--mongod-oplog", 50]
    scene.embedded_uri = uri_of(DataDirectory(disk / "data").socket)


async def fill_disk(scene: Scene) -> None:
    """The embedded mongod finds its disk full and ends; later there is room again."""
    ballast = scene.directory / "disk" / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 65_536)
    await until(lambda: _is_ready(scene, 503), "a service that says that it is not ready")
    await until(lambda: _logged(scene, "it is started again", 2), "a word on mongod's end")
    ballast.unlink()


async def jump_of_service(scene: Scene) -> None:
    """The clock of the service jumps by 20 hours, forth and back."""
    await _jump(scene)


async def jump_of_mongod(scene: Scene) -> None:
    """The clock of mongod jumps by 20 hours, forth and back."""
    await _jump(scene)


async def exhaust_pool(scene: Scene) -> None:
    """Slow reads hold every connection that the service may have to its database."""
    member = scene.set.members[0]
    slow = {"failCommands": ["find", "aggregate"], "blockConnection": True, "blockTimeMS": 1500}
    data = {**slow, "appName": "sitewatt"}
    await member.ask({"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data})
    statuses = Counter[int]()
    limits = httpx.Limits(max_connections=READERS, max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=60, trust_env=False, limits=limits) as client:
        site = scene.gateways.sites[0]
        url = f"{scene.service.url}/v1/sites/{site}/live?limit=10"
        for _ in range(3):
            answers = await asyncio.gather(*(client.get(url) for _ in range(READERS)))
            statuses.update(answer.status_code for answer in answers)
    server = await member.ask("serverStatus")
    scene.notes.append(f"readers were answered {dict(statuses)}")
    scene.notes.append(f"{server['connections']['current']} connections to mongod")
    assert statuses.keys() <= {200, 503}
    await member.ask({"configureFailPoint": "failCommand", "mode": "off"})


async def _with_unsealed(scene: Scene) -> None:
    """Put readings of settled days into `live`, as if the sealing had not come for weeks."""
    begins = [begin_of(days_ago) for days_ago in range(5, 25)]
    offsets = range(0, DAY, SLOT)
    keys = [
        Key(site, begin + offset)
        for site in scene.gateways.sites
        for begin in begins
        for offset in offsets[:: 1 if site % 4 else 4]
    ]
    async with AsyncMongoClient[Document](scene.uri) as client:
        live = client["sitewatt"]["live"]
        for first in range(0, len(keys), 20_000):
            some = keys[first : first + 20_000]
            await live.insert_many([reading_document(*key, values_of(key)) for key in some])
    scene.ledger.before.update(keys)


async def kill_sealing(scene: Scene) -> None:
    """Two sealers at once are ended by kill -9 while they seal, again and again."""
    site = scene.gateways.sites[-1] // 4
    async with AsyncMongoClient[Document](scene.uri) as client:
        days = client["sitewatt"]["days"]

        async def sealed() -> int:
            """Return how many days are closed of the sites that push no old ones."""
            return await days.count_documents({"_id": {"$lt": day_id(site, 0)}})

        for _ in range(5):
            before = await sealed()
            sealers = [_sealer(scene), _sealer(scene)]
            await until(lambda n=before + 15: _reaches(sealed, n), "a day that is sealed")
            for sealer in sealers:
                sealer.kill()
                sealer.wait()
        scene.notes.append(f"{await sealed()} days were sealed when the last sealer was killed")


async def _reaches(count: Callable[[], Awaitable[int]], number: int) -> bool:
    return await count() >= number


def _sealer(scene: Scene) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [str(SITEWATT), "seal"],
        env=environment(mongodb_uri=scene.uri),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def _with_victims(scene: Scene) -> None:
    """Make sites that are to be deleted; the ledger knows nothing of them."""
    sites = [{"id": site, "name": "Victim", "location": "north"} for site in VICTIMS]
    async with httpx.AsyncClient(timeout=60, base_url=scene.service.url) as client:
        made = await client.post("/v1/sites", json={"sites": sites})
        assert made.status_code == 201, made.text
        for site in VICTIMS:
            instants = range(begin_of(30), begin_of(1) + DAY // 2, SLOT)
            rows = columns_of(Key(site, instant) for instant in instants)
            pushed = await client.post(f"/v1/sites/{site}/live", json=rows)
            assert pushed.status_code == 201, pushed.text


async def kill_deleting(scene: Scene) -> None:
    """The service is ended by kill -9 while it deletes sites and readings, twice."""
    for seconds in (0.15, 0.4):
        deletions = [asyncio.create_task(_delete(scene, site)) for site in VICTIMS]
        await asyncio.sleep(seconds)
        scene.service.kill()
        await asyncio.gather(*deletions)
        await scene.start_service()
    for site in VICTIMS:
        status = await _delete(scene, site)
        assert status in (200, 204, 404), status


async def _delete(scene: Scene, site: int) -> int:
    """Delete a site, or all of its readings; return the status, 0 for a broken connection."""
    path = f"{scene.gateways.url}/v1/sites/{site}"
    if site % 2:
        path += "/live?from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
    async with httpx.AsyncClient(timeout=60) as client:
        with suppress(httpx.HTTPError):
            return (await client.delete(path)).status_code
    return 0


def _clock_of_service(scene: Scene) -> None:
    scene.prefix = ("env", *(f"{name}={value}" for name, value in _faked(scene).items()))


def _clock_of_mongod(scene: Scene) -> None:
    scene.member_environment = _faked(scene)


def _faked(scene: Scene) -> dict[str, str]:
    _clock(scene).write_text("+0")
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(_clock(scene)),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def _clock(scene: Scene) -> Path:
    return scene.directory / "clock"


async def _jump(scene: Scene) -> None:
    for jump in JUMPS:
        _clock(scene).write_text(jump)
        await asyncio.sleep(JUMP_SECONDS)
        await scene.await_writes(30)


async def _is_ready(scene: Scene, status: int) -> bool:
    answer = await asyncio.to_thread(scene.service.client.get, "/readyz")
    return answer.status_code == status


async def _logged(scene: Scene, words: str, times: int) -> bool:
    return scene.service.log.count(words) >= times


def _no_tmpfs() -> str:
    return "" if os.geteuid() == 0 and shutil.which("mount") else "only root can mount a small disk"


def _no_faketime() -> str:
    return "" if FAKETIME.exists() else "the package faketime is not installed"


_FAILING = ("--setParameter", "enableTestCommands=1")

FAULTS = [
    Fault("disk-full", fill_disk, members=0, lacking=_no_tmpfs, before=_mounted),
    Fault("clock-of-service", jump_of_service, lacking=_no_faketime, before=_clock_of_service),
    Fault("clock-of-mongod", jump_of_mongod, lacking=_no_faketime, before=_clock_of_mongod),
    Fault("pool-exhausted", exhaust_pool, mongod=_FAILING, settings={"mongodb_timeout": 8}),
    Fault("kill-sealing", kill_sealing, prepare=_with_unsealed),
    Fault("kill-deleting", kill_deleting, prepare=_with_victims, broken=BROKEN_OFF),
]

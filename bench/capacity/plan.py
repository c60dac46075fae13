"""What a fleet needs, in closed forms: load, workers, replica sets, bytes, sealing, money."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench.capacity import inputs as given
from bench.capacity.inputs import Size
from bench.capacity.simulation import System

DAY = 86_400
READINGS_A_DAY = 144
MONTH = 365 / 12
GB = 1e9
US, MS = 1e-6, 1e-3


@dataclass(frozen=True)
class Plan:
    """A fleet of a size, and what it is given. Rates are a second, times in seconds."""

    size: Size

    @property
    def sites(self) -> int:
        """Sites that report every ten minutes."""
        return self.size.readings // READINGS_A_DAY

    @property
    def mean(self) -> float:
        """Readings pushed, over the day."""
        return self.size.readings / DAY

    def peak(self, within: float) -> float:
        """Readings pushed, while all sites report within so many seconds."""
        return self.sites / within

    @property
    def to_be_in_time(self) -> int:
        """Workers that take the tick, without jitter, before gateways lose patience."""
        return math.ceil(self.sites * given.SERVICE * US / given.PATIENCE)

    def cores_used(self, pushed: float) -> float:
        """Processor cores that the workers keep busy at a rate of readings pushed."""
        asked = self.mean * given.LATEST_ASKED
        return (pushed * given.SERVICE + asked * given.LATEST) * US

    @property
    def workers(self) -> int:
        """Workers that are not too busy in the jittered peak when one zone is lost."""
        enough = self.cores_used(self.peak(given.JITTER)) / given.BUSY
        zones = int(given.ZONES)
        return zones * max(1, math.ceil(enough / (zones - 1)))

    @property
    def index(self) -> float:
        """GB of memory for the index of `live`, all of whose leaves every tick changes."""
        return self.size.readings * given.OPEN_DAYS * given.OPEN_INDEX * given.SWOLLEN / GB

    @property
    def shards(self) -> int:
        """Replica sets whose members hold that index in their memory."""
        return math.ceil(self.index / (given.CACHED * self.size.memory))

    def primary_used(self, pushed: float) -> float:
        """The share of its cores that a primary keeps busy at a rate of readings pushed."""
        asked = self.mean * given.LATEST_ASKED
        sealing = self.sites * given.SEALED_PRIMARY * MS / DAY
        cores = (pushed * given.PRIMARY + asked * given.NEWEST) * US + sealing
        return cores / self.shards / self.size.cores

    @property
    def sealing(self) -> float:
        """Hours in which one worker seals one day of all sites, between the zones of a cloud."""
        calls = given.SEAL_CALLS * given.ZONE
        writes = given.SEAL_WRITES * (given.ZONE + given.DISK)
        return self.sites * (given.SEALED + calls + writes) * MS / 3600

    @property
    def open(self) -> float:
        """GB of readings in `live`, on each member or on all shards together."""
        return self.size.readings * given.OPEN_DAYS * given.OPEN / GB

    @property
    def year(self) -> float:
        """GB of settled readings after a year, on each member or on all shards together."""
        return self.size.readings * given.SETTLED * 365 / GB

    def system(self, *, away: tuple[float, float] = (0, 0)) -> System:
        """Return the simulation's system: rows of all workers share the cores of the primaries."""
        crowd = max(1.0, self.workers / (self.shards * self.size.cores))
        return System(
            service=given.SERVICE * US,
            look=given.LOOKS * (given.LOOK + given.ZONE) * MS,
            bulk=(given.COMMAND + given.DISK + given.ZONE) * MS,
            row=given.PRIMARY * US * crowd,
            flights=int(given.FLIGHTS),
            most_rows=int(given.BULK),
            queue=int(given.QUEUE),
            retry_after=given.RETRY_AFTER,
            away=away,
        )

    def costs(self, *, hosted: bool = True) -> Mapping[str, float]:
        """Return dollars a month by what they are for, with a year of readings on the disks."""
        readings = self.size.readings * MONTH
        kilobytes = readings * 1_000 / GB
        members = self.shards * 3
        disks = (self.open + self.year) / given.FULL
        units = self.mean / given.CONNECTIONS
        machines = self.size.hosted * self.shards if hosted else self.size.own * members
        return {
            "workers": self.workers * given.CORE,
            "load balancer": given.BALANCER + units * given.BALANCER_UNIT,
            "database" if hosted else "machines for mongod": machines,
            "disks of its members": disks * 3 * given.DISK_GB,
            "backups": (self.open + self.year) * given.BACKUP_GB,
            "traffic to gateways": kilobytes * given.OUT * given.OUT_GB,
            "traffic between zones": kilobytes * given.CROSSING * given.CROSSING_GB,
            "logs": readings * given.LOGGED / GB * given.LOG_GB,
            "metrics and alerts": (self.workers + members) * given.WATCHED,
        }


PLANS = tuple(map(Plan, given.SIZES))

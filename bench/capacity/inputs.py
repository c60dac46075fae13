"""Everything that the model is given, in one place: a figure, its unit, what it is, its source.

To renew the document: change figures here, then `python -m bench.capacity --write`.
"""

from typing import NamedTuple

TICK = "bench/tick, 2026-11-26"
SEALING = "bench/tick/sealing, 2026-11-26"
GROWTH = "bench/growth, 2026-11-26"
COMMITS = "fit to decision 0025"
CODE = "the code"
ASSUMED = "assumed"


class Input(float):
    """A figure that the model is given; it counts as the number it is."""

    def __new__(cls, value: float, *_: str) -> "Input":
        """Return the figure as a number."""
        return super().__new__(cls, value)

    def __init__(self, _: float, unit: str, what: str, source: str) -> None:
        self.unit = unit
        self.what = what
        self.source = source


# What the service takes, with one processor core a worker
SERVICE = Input(310, "us", "CPU of a worker for a reading on a connection of its own", TICK)
LATEST = Input(
    207, "us", "CPU of a worker for a latest reading, 1 s / 4,826", "docs/performance.md"
)
BULK = Input(1_000, "rows", "in a bulk at most", CODE)
FLIGHTS = Input(2, "", "bulks of a worker in flight at the same time", CODE)
LOOKS = Input(0.17, "", "looks whether its site is there, a reading: one an hour", CODE)
QUEUE = Input(20_000, "rows", "may wait for a bulk in a worker; more are refused (503)", CODE)
RETRY_AFTER = Input(2, "s", "`Retry-After` of a 503, on average", CODE)

# What the database takes
COMMAND = Input(0.9, "ms", "for a bulk besides its rows, its flush included", COMMITS)
LOOK = Input(0.6, "ms", "for a look, a find by `_id`", "decision 0026")
PRIMARY = Input(92, "us", "CPU of the primary for a reading pushed", TICK)
NEWEST = Input(60, "us", "CPU of the primary for a latest reading", "decision 0026")
SEALED = Input(21, "ms", "to seal a site's day, with three members on two cores", SEALING)
SEAL_CALLS = Input(8, "", "calls of the database for it", CODE)
SEAL_WRITES = Input(3, "", "of them writes, each of which waits for a majority", CODE)
SEALED_PRIMARY = Input(9.5, "ms", "CPU of the primary for it", SEALING)
OPEN = Input(55, "bytes", "on disk for a reading in `live`, index included", GROWTH)
OPEN_INDEX = Input(30, "bytes", "of it index", GROWTH)
OPEN_DAYS = Input(3, "days", "that `live` holds at the most: today and two before", CODE)
SETTLED = Input(18, "bytes", "on disk for a reading in `days`, index included", SEALING)

# What a cloud adds, and how gateways behave
CLOCKS = Input(2, "s", "after the tick in which all gateways report, without jitter", ASSUMED)
JITTER = Input(300, "s", "after the tick in which they report with jitter", ASSUMED)
PATIENCE = Input(30, "s", "after which a gateway takes an attempt for lost", ASSUMED)
LATEST_ASKED = Input(1, "", "latest readings asked for, a reading pushed", ASSUMED)
ZONE = Input(1, "ms", "there and back between two zones of a region", ASSUMED)
DISK = Input(1, "ms", "more for a flush on a network disk", ASSUMED)
ELECTION = Input(12, "s", "without a primary after one was killed", TICK)

# What is left free
BUSY = Input(0.5, "", "of its time a worker may be busy in the jittered peak", ASSUMED)
ZONES = Input(3, "", "zones, of which one may be lost", ASSUMED)
SWOLLEN = Input(2, "", "times as large an index is in memory as on disk", ASSUMED)
CACHED = Input(0.4, "", "of a member's memory may go to the index of `live`", ASSUMED)
FULL = Input(0.7, "", "of a disk is used", ASSUMED)

# What goes over wires and into logs
OUT = Input(3, "KB", "to a gateway for a reading: handshake of TLS, and answer", ASSUMED)
CROSSING = Input(1, "KB", "between zones for a reading, replication included", ASSUMED)
CONNECTIONS = Input(25, "", "new connections a second in a unit of the load balancer", ASSUMED)
LOGGED = Input(5, "bytes", "of log for a reading, at level warning", ASSUMED)

# What it costs: list prices in US dollars, by the month of 730 hours, without discounts
CORE = Input(26, "$", "a core of the service with 2 GB", ASSUMED)
BALANCER = Input(16, "$", "a load balancer", ASSUMED)
BALANCER_UNIT = Input(5.8, "$", "a unit of its use", ASSUMED)
SET_SMALL = Input(394, "$", "a hosted set of three: 2 cores, 8 GB", ASSUMED)
SET_LARGE = Input(2_880, "$", "a hosted set of three: 16 cores, 64 GB", ASSUMED)
OWN_SMALL = Input(78, "$", "a machine for a mongod of one's own: 2 cores, 16 GB", ASSUMED)
OWN_LARGE = Input(313, "$", "a machine for a mongod of one's own: 8 cores, 64 GB", ASSUMED)
DISK_GB = Input(0.10, "$", "a GB of a member's disk", ASSUMED)
BACKUP_GB = Input(0.05, "$", "a GB of snapshots", ASSUMED)
OUT_GB = Input(0.09, "$", "a GB to the gateways", ASSUMED)
CROSSING_GB = Input(0.02, "$", "a GB between zones, both directions", ASSUMED)
LOG_GB = Input(0.53, "$", "a GB of logs, taken in and kept", ASSUMED)
WATCHED = Input(15, "$", "metrics and alerts of a process", ASSUMED)


class Size(NamedTuple):
    """A fleet by its readings a day, and the replica sets that it is given.

    A member has so many cores and so many GB; `hosted` is the price of a set, `own` of a machine.
    """

    name: str
    readings: int
    cores: int
    memory: int
    hosted: Input
    own: Input


SIZES = (
    Size("1 million", 1_000_000, 2, 8, SET_SMALL, OWN_SMALL),
    Size("100 million", 100_000_000, 16, 64, SET_LARGE, OWN_LARGE),
    Size("1 billion", 1_000_000_000, 16, 64, SET_LARGE, OWN_LARGE),
)

TRIED = (
    ("2 s", 2.0, None, (24, 268), (249, 315), (2.26, 2.29)),
    ("0.2 s", 0.2, None, (1_177, 1_261), (2_144, 2_406), (2.36, 2.57)),
    (
        "2 s, primary killed after 0.5 s",
        2.0,
        0.5,
        (10_436, 12_766),
        (11_063, 14_312),
        (12.04, 15.23),
    ),
)
"""What 6,944 gateways saw of one worker on this machine (bench/tick): within which time they came,
when the primary was killed, and p50 and p99 in ms and the last in s, of three ticks."""


def inputs() -> dict[str, Input]:
    """Return all inputs by name, in the order of this file."""
    return {name: found for name, found in globals().items() if isinstance(found, Input)}

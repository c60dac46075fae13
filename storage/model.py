"""The words the store speaks: sites, configurations, readings and what is answered about them.

An instant is an int, seconds since 1970-01-01T00:00:00Z. Powers are kW, energies kWh.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, NotRequired, Required, TypedDict

Values = tuple[float, float, float, bool, bool, bool]
"""The values of one reading, in the order of COLUMNS."""

COLUMNS: tuple[str, ...] = (
    "soc",
    "load_kwh",
    "net_load_kwh",
    "pv_notification",
    "bio_notification",
    "cro_notification",
)

Readings = Mapping[int, Values]
"""Instant to values: no instant occurs twice."""


class Site(TypedDict):
    """What a site is."""

    id: int
    name: str
    location: str
    time_zone: str


class NewSite(TypedDict, total=False):
    """A site to create: without `id` the store gives one, without `time_zone` it is UTC."""

    id: int
    name: Required[str]
    location: Required[str]
    time_zone: str


class Battery(TypedDict):
    """A site's battery."""

    vendor: str
    capacity_kwh: float
    max_power_kw: float


class ProductionUnit(TypedDict):
    """How many units of one kind of production a site has, and their peak power."""

    units: int
    kwp: NotRequired[float]


class Production(TypedDict):
    """A site's production by kind."""

    pv: ProductionUnit
    bio: ProductionUnit
    cro: ProductionUnit


class Configuration(TypedDict):
    """How a site is built."""

    battery: Battery
    production: Production


class Revision(Configuration):
    """A configuration in a site's history: numbered from 1, in force from an instant on."""

    revision: int
    effective_from: int
    recorded_at: int


Revisions = list[Revision]


class Creation(NamedTuple):
    """The sites asked for, in the order asked, and whether any of them is new."""

    sites: list[Site]
    created: bool


class SitePage(NamedTuple):
    """Sites in the order of their ids; `next` is the last id of the page when more follow."""

    sites: list[Site]
    next: int | None


class Pushed(NamedTuple):
    """The revision that holds the pushed configuration, and whether the push created it."""

    revision: Revision
    created: bool


class Receipt(NamedTuple):
    """What became of the rows of one push: numbers of rows, and the first and last instant."""

    received: int
    stored: int
    unchanged: int
    replaced: int
    conflicts: int
    first: int | None
    last: int | None


class Conflict(NamedTuple):
    """An instant whose stored reading differs from the pushed one, and in which columns."""

    instant: int
    columns: tuple[str, ...]


class Series(NamedTuple):
    """Readings by column: `columns` has a list for each of COLUMNS, all as long as `instants`."""

    instants: list[int]
    columns: tuple[list[Any], ...]


class ReadingPage(NamedTuple):
    """Readings in the order asked for; `next` is the instant the next page starts with.

    `mark` is a short word that stays the same as long as the page would.
    """

    series: Series
    next: int | None
    mark: str


class Stretch(NamedTuple):
    """A time [start, end) in which one configuration was in force, in UTC seconds."""

    start: int
    end: int
    revision: Revision


Stretches = list[Stretch]


class LatestEntry(NamedTuple):
    """A site and its newest reading, None where it has none."""

    site_id: int
    reading: tuple[int, Values] | None


class LatestPage(NamedTuple):
    """Sites in the order of their ids; `next` is the last id of the page when more follow."""

    entries: list[LatestEntry]
    next: int | None


class Key(NamedTuple):
    """Who may do what: its text is known by its SHA-256 alone, in hexadecimal digits.

    `sites` is None for a key that is bound to none; without `expires_at` it does not expire.
    """

    id: str
    digest: str
    scopes: frozenset[str]
    sites: frozenset[int] | None
    label: str | None
    created_at: int
    expires_at: int | None


class KeyPage(NamedTuple):
    """Keys in the order of their ids; `next` is the last id of the page when more follow."""

    keys: list[Key]
    next: str | None


class Sealed(NamedTuple):
    """What a pass of the sealer moved: numbers of days and of readings."""

    days: int
    readings: int

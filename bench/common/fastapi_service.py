"""FastAPI with Pydantic 2: strict models, a union told apart by a discriminator.

The service on any store of readings that has the methods `push` and `latest`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol

from fastapi import Depends, FastAPI, HTTPException, Path, Response, Security
from fastapi.security import APIKeyHeader
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)
from starlette.types import ASGIApp

from bench.common import asgi
from storage import Receipt as StoredReceipt
from storage import Values

Stamp = Annotated[
    str, StringConstraints(min_length=19, max_length=40, pattern=asgi.INSTANT, strict=True)
]
Soc = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
EnergyKwh = Annotated[float, Field(ge=0, le=1_000_000_000, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=asgi.MOST_ROWS)]
Rows = Field(max_length=asgi.MOST_ROWS)


class Strict(BaseModel):
    """Takes JSON's types as they are, and no member that is not named."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Reading(Strict):
    """What a site did at one moment."""

    dt_stamp: Stamp = Field(alias="dt-stamp")
    soc: Soc
    load_kwh: EnergyKwh
    net_load_kwh: EnergyKwh
    pv_notification: bool
    bio_notification: bool
    cro_notification: bool

    def values(self) -> tuple[float, float, float, bool, bool, bool]:
        """Return the values without the stamp."""
        return (
            self.soc,
            self.load_kwh,
            self.net_load_kwh,
            self.pv_notification,
            self.bio_notification,
            self.cro_notification,
        )


class NewReading(Reading):
    """One reading as it comes in."""

    _instant: int

    def model_post_init(self, _: Any) -> None:
        """Read the stamp."""
        self._instant = asgi.parsed([self.dt_stamp])[0]

    def readings(self) -> dict[int, Any]:
        """Return the reading by instant."""
        return {self._instant: self.values()}


class ReadingColumns(Strict):
    """Readings by column."""

    dt_stamp: Annotated[list[Stamp], Rows, AfterValidator(asgi.parsed)] = Field(alias="dt-stamp")
    soc: Annotated[list[Soc], Rows]
    load_kwh: Annotated[list[EnergyKwh], Rows]
    net_load_kwh: Annotated[list[EnergyKwh], Rows]
    pv_notification: Annotated[list[bool], Rows]
    bio_notification: Annotated[list[bool], Rows]
    cro_notification: Annotated[list[bool], Rows]

    @property
    def columns(self) -> tuple[list[Any], ...]:
        """The values without the stamps."""
        return (
            self.soc,
            self.load_kwh,
            self.net_load_kwh,
            self.pv_notification,
            self.bio_notification,
            self.cro_notification,
        )

    @model_validator(mode="after")
    def have_equal_lengths(self) -> "ReadingColumns":
        """Raise ValueError when a column is longer or shorter than the stamps."""
        if any(len(column) != len(self.dt_stamp) for column in self.columns):
            raise ValueError("columns must have as many values as `dt-stamp`")
        return self

    def readings(self) -> dict[Any, Any]:
        """Return the rows by instant."""
        return dict(zip(self.dt_stamp, zip(*self.columns, strict=True), strict=True))


class Receipt(BaseModel):
    """What became of the readings of one push."""

    received: Count
    stored: Count
    unchanged: Count
    replaced: Count
    conflicts: Count
    first: Stamp | None = None
    last: Stamp | None = None


def shape(body: Any) -> str:
    """Return which of the two a body is."""
    return "columns" if isinstance(body, dict) and isinstance(body.get("dt-stamp"), list) else "one"


Push = Annotated[
    Annotated[NewReading, Tag("one")] | Annotated[ReadingColumns, Tag("columns")],
    Discriminator(shape),
]
SiteId = Annotated[int, Path(ge=1, le=2_147_483_647)]
api_key = APIKeyHeader(name="X-API-Key", auto_error=False)


async def authorize(key: Annotated[str | None, Security(api_key)]) -> None:
    """Raise 401 without the key."""
    if key is None or not asgi.is_known(key):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


class Live(Protocol):
    """The readings behind the service."""

    async def push(
        self, site_id: int, readings: Mapping[int, Values], overwrite: bool, dry_run: bool
    ) -> StoredReceipt:
        """Return what became of readings by instant."""
        ...

    async def latest(self, site_id: int) -> tuple[int, Values]:
        """Return the newest reading and its instant."""
        ...


def create_service(live: Live) -> FastAPI:
    """Return the routes, without the middleware."""
    service = FastAPI(openapi_url=None, dependencies=[Depends(authorize)])

    @service.post("/v1/sites/{site_id}/live", status_code=201, response_model_exclude_none=True)
    async def push_live(
        site_id: SiteId,
        body: Push,
        response: Response,
        on_conflict: Literal["reject", "replace"] = "reject",
        dry_run: bool = False,
    ) -> Receipt:
        """Store one reading or the rows of columns."""
        overwrite = on_conflict == "replace"
        receipt = await live.push(site_id, body.readings(), overwrite, dry_run)
        if dry_run or not receipt.stored:
            response.status_code = 200
        return receipt_of(receipt)

    @service.get("/v1/sites/{site_id}/live/latest")
    async def get_latest_reading(site_id: SiteId) -> Reading:
        """Return the newest reading."""
        instant, (soc, load, net_load, pv, bio, cro) = await live.latest(site_id)
        return Reading(
            **{"dt-stamp": asgi.written(instant)},
            soc=soc,
            load_kwh=load,
            net_load_kwh=net_load,
            pv_notification=pv,
            bio_notification=bio,
            cro_notification=cro,
        )

    return service


def receipt_of(receipt: StoredReceipt) -> Receipt:
    """Return the receipt as the answer has it."""
    stamps = {"first": receipt.first, "last": receipt.last}
    written = {n: asgi.written(i) for n, i in stamps.items() if i is not None}
    return Receipt(**{**receipt._asdict(), "first": None, "last": None, **written})


def wrapped(service: FastAPI) -> ASGIApp:
    """Return the application: the service in its middleware."""
    return asgi.RequestIds(asgi.BodyLimit(service))

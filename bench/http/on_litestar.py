"""Litestar with msgspec: one struct whose members are scalars or columns, decoded in C.

A parameter `data: Push` would be converted laxly: Litestar 2 takes "10" for 10 and 1 for true, with
a DTO too. So the handler takes the bytes and a decoder of its own, which is also faster.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Litestar, Response, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import ClientException, HTTPException, NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter
from msgspec import Meta, Struct

from bench.common import asgi
from bench.http.store import NoStore
from storage import COLUMNS

STORE = NoStore()

Soc = Annotated[float, Meta(ge=0, le=100)]
EnergyKwh = Annotated[float, Meta(ge=0, le=1_000_000_000)]
Count = Annotated[int, Meta(ge=0, le=asgi.MOST_ROWS)]
Stamp = Annotated[str, Meta(pattern=asgi.INSTANT)]
Rows = Meta(max_length=asgi.MOST_ROWS)


class Push(Struct, forbid_unknown_fields=True, rename={"dt_stamp": "dt-stamp"}):
    """One reading, or readings by column."""

    dt_stamp: datetime | Annotated[list[datetime], Rows]
    soc: Soc | Annotated[list[Soc], Rows]
    load_kwh: EnergyKwh | Annotated[list[EnergyKwh], Rows]
    net_load_kwh: EnergyKwh | Annotated[list[EnergyKwh], Rows]
    pv_notification: bool | Annotated[list[bool], Rows]
    bio_notification: bool | Annotated[list[bool], Rows]
    cro_notification: bool | Annotated[list[bool], Rows]

    def __post_init__(self) -> None:
        """Raise ValueError unless all are scalars, or columns of one length."""
        stamps, *columns = msgspec.structs.astuple(self)
        listed = isinstance(stamps, list)
        if any(isinstance(column, list) is not listed for column in columns):
            raise ValueError("all members are scalars, or all are columns")
        if listed and any(len(column) != len(stamps) for column in columns):
            raise ValueError("columns must have as many values as `dt-stamp`")
        self.dt_stamp = instants(stamps if listed else [stamps])  # type: ignore[assignment]

    def readings(self) -> dict[Any, Any]:
        """Return the rows by instant."""
        stamps, *columns = msgspec.structs.astuple(self)
        if not isinstance(columns[0], list):
            return {stamps[0]: tuple(columns)}
        return dict(zip(stamps, zip(*columns, strict=True), strict=True))


DECODER = msgspec.json.Decoder(Push)


def push_of(body: bytes, content_type: str) -> Push:
    """Return the struct of a JSON body; raises ClientException."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(status_code=415, detail="send application/json")
    try:
        return DECODER.decode(body)
    except msgspec.DecodeError as error:
        raise ClientException(str(error)) from None


def instants(moments: list[datetime]) -> list[int]:
    """Return the moments as instants; raises ValueError."""
    if any(moment.microsecond for moment in moments):
        raise ValueError("only whole seconds are taken")
    return asgi.checked([asgi.utc_seconds(moment) for moment in moments])


class Receipt(Struct, omit_defaults=True):
    """What became of the readings of one push."""

    received: Count
    stored: Count
    unchanged: Count
    replaced: Count
    conflicts: Count
    first: Stamp | None = None
    last: Stamp | None = None


class Reading(Struct, rename={"dt_stamp": "dt-stamp"}):
    """What a site did at one moment."""

    dt_stamp: Stamp
    soc: Soc
    load_kwh: EnergyKwh
    net_load_kwh: EnergyKwh
    pv_notification: bool
    bio_notification: bool
    cro_notification: bool


SiteId = Annotated[int, Parameter(ge=1, le=2_147_483_647)]


async def authorize(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Raise 401 without the key."""
    key = connection.headers.get("x-api-key")
    if key is None or not asgi.is_known(key):
        raise NotAuthorizedException(headers={"WWW-Authenticate": "Bearer"})


@post("/v1/sites/{site_id:int}/live")
async def push_live(
    site_id: SiteId,
    body: bytes,
    content_type: Annotated[str, Parameter(header="Content-Type")],
    on_conflict: Literal["reject", "replace"] = "reject",
    dry_run: bool = False,
) -> Response[Receipt]:
    """Store one reading or the rows of columns."""
    overwrite = on_conflict == "replace"
    readings = push_of(body, content_type).readings()
    receipt = await STORE.live.push(site_id, readings, overwrite, dry_run)
    members = receipt._asdict()
    for name in ("first", "last"):
        members[name] = None if members[name] is None else asgi.written(members[name])
    # A struct checks nothing when it is made; convert does.
    reply = msgspec.convert(members, Receipt)
    return Response(reply, status_code=201 if receipt.stored else 200)


@get("/v1/sites/{site_id:int}/live/latest")
async def get_latest_reading(site_id: SiteId) -> Reading:
    """Return the newest reading."""
    instant, values = await STORE.live.latest(site_id)
    members = dict(zip(COLUMNS, values, strict=True))
    return msgspec.convert({"dt-stamp": asgi.written(instant), **members}, Reading)


app = asgi.RequestIds(
    Litestar(
        [push_live, get_latest_reading],
        guards=[authorize],
        openapi_config=None,
        request_max_body_size=asgi.MOST_BYTES,
    )
)

"""FastAPI with Pydantic, on PyMongo's asynchronous client."""

import os
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, Field

from bench.common import asgi
from bench.common.fastapi_service import (
    EnergyKwh,
    Rows,
    SiteId,
    Soc,
    Stamp,
    Strict,
    create_service,
    receipt_of,
    wrapped,
)
from bench.stored.pymongo_live import Conflict, Document, Live, NoReadings
from storage import COLUMNS


class ReadingSeries(Strict):
    """Readings of a range, by column."""

    dt_stamp: Annotated[list[Stamp], Rows] = Field(alias="dt-stamp")
    soc: Annotated[list[Soc], Rows]
    load_kwh: Annotated[list[EnergyKwh], Rows]
    net_load_kwh: Annotated[list[EnergyKwh], Rows]
    pv_notification: Annotated[list[bool], Rows]
    bio_notification: Annotated[list[bool], Rows]
    cro_notification: Annotated[list[bool], Rows]


Moment = Annotated[Stamp, AfterValidator(asgi.instant)]

live = Live(os.environ["BENCH_MONGODB_URI"])
service = create_service(live)


@service.get("/v1/sites/{site_id}/live")
async def list_readings(
    site_id: SiteId,
    response: Response,
    from_: Annotated[Moment | None, Query(alias="from")] = None,
    to: Moment | None = None,
    order: Literal["asc", "desc"] = "asc",
    limit: Annotated[int, Query(ge=1, le=asgi.MOST_ROWS)] = 1000,
) -> ReadingSeries:
    """Return the readings of a half-open range; an answer that is cut short has a `Link`."""
    start: Any = from_ or 0
    end: Any = asgi.END if to is None else to
    found = await live.between(site_id, start, end, descending=order == "desc", limit=limit + 1)
    stamps = [f"{document['_id']['stamp'].isoformat()}Z" for document in found]
    if len(found) > limit:
        further = f"from={stamps[-1]}" if order == "asc" else f"to={stamps[-2]}"
        response.headers["Link"] = f'<?{further}&order={order}&limit={limit}>; rel="next"'
    return series(stamps[:limit], found[:limit])


def series(stamps: list[str], documents: list[Document]) -> ReadingSeries:
    """Return readings by column."""
    columns = {column: [document[column] for document in documents] for column in COLUMNS}
    return ReadingSeries(**{"dt-stamp": stamps, **columns})


@service.exception_handler(Conflict)
async def answer_conflict(_: Request, error: Conflict) -> JSONResponse:
    """Say what became of the rows that did not conflict."""
    return JSONResponse(receipt_of(error.receipt).model_dump(exclude_none=True), 409)


@service.exception_handler(NoReadings)
async def answer_no_readings(_: Request, __: NoReadings) -> JSONResponse:
    """Say that there are none."""
    return JSONResponse({"detail": "The site has no readings."}, 404)


app = wrapped(service)

"""Ranges of readings: what is asked of one, and its answer, page by page."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple, TypedDict

import orjson

from handlers import columns as shapes
from handlers import cursors, instants, preconditions, replies
from handlers.cursors import Span
from handlers.replies import Response
from storage import COLUMNS, ReadingPage, Series, Store, Stretch, next_of

ROWS_AT_ONCE = 2_000
"""The readings in a piece of a stream, two weeks of them: some 150 KB of text."""

_JSON = "application/json"
_FORM = 1
"""Another number with each change of how the same readings are written: no client has that yet."""


class Bounds(TypedDict):
    """Which readings, and in which order, as the store is asked for them."""

    start: int
    end: int
    descending: bool


class Asked(NamedTuple):
    """What is asked of a range: the parameters of `list_readings`, as they came."""

    site_id: int
    from_: int | None
    to: int | None
    order: str
    limit: int | None
    cursor: str | None
    columns: list[str] | None
    include: list[str] | None
    media_type: str

    @property
    def names(self) -> Sequence[str]:
        """The columns to answer with."""
        return self.columns or COLUMNS

    @property
    def span(self) -> Span:
        """The range from where the page begins; raises UnreadableCursor."""
        return cursors.span(self.from_, self.to, self.order, self.cursor)

    @property
    def bounds(self) -> Bounds:
        """The same with the order; raises UnreadableCursor."""
        start, end = self.span
        return Bounds(start=start, end=end, descending=self.order == "desc")

    def shape(self, stretches: Sequence[Stretch]) -> str:
        """Return the word for all that the answer depends on beside the readings."""
        return preconditions.digest(orjson.dumps([_FORM, self, stretches], default=list))[:16]

    def link(self, following: int | None) -> dict[str, str]:
        """Return the Link header that leads to the next page, none when nothing follows."""
        if following is None:
            return {}
        range_ = {"from": replies.instant(self.from_), "to": replies.instant(self.to)}
        rest = {"order": self.order, "limit": self.limit, "columns": self.columns}
        cursor = cursors.write(following)
        return replies.next_link(**range_, **rest, include=self.include, cursor=cursor)


async def pages(store: Store, asked: Asked) -> AsyncIterator[Series]:
    """Yield all readings of the range, ROWS_AT_ONCE at a time; an empty range gives one page."""
    bounds: Bounds | None = asked.bounds
    while bounds is not None:
        page = await store.live.list(asked.site_id, limit=ROWS_AT_ONCE, **bounds)
        yield page.series
        bounds = _rest(bounds, page.next)


async def answer(store: Store, asked: Asked, limit: int, if_none_match: str | None) -> Response:
    """Return up to `limit` readings of the range, or 304 when the client already has them.

    For who names one state in If-None-Match no reading of a settled day is read to say so.
    """
    site_id, bounds = asked.site_id, asked.bounds
    stretches = await _stretches(store, asked)
    shape = asked.shape(stretches)
    mark = preconditions.mark_named(if_none_match, shape)
    if mark is not None and await store.live.unchanged(site_id, mark, limit=limit, **bounds):
        return replies.not_modified(preconditions.state_tag(shape, mark), asked.link(next_of(mark)))
    page = await store.live.list(site_id, limit=limit, **bounds)
    etag = preconditions.state_tag(shape, page.mark)
    return replies.of_state(_written(asked, page, stretches), etag, if_none_match)


def configurations(site_id: int, stretches: Sequence[Stretch], shown: Span) -> list[dict[str, Any]]:
    """Return the stretches in the wire's shape, cut to what is shown; without end, without `to`."""
    cut = [(max(s.start, shown.start), min(s.end, shown.end), s.revision) for s in stretches]
    return [
        {
            "from": instants.format_instant(start),
            **({"to": instants.format_instant(end)} if end < instants.END else {}),
            "configuration": replies.revision_members(site_id, revision),
        }
        for start, end, revision in cut
        if start < end
    ]


def _rest(bounds: Bounds, following: int | None) -> Bounds | None:
    """Return what is left of the bounds from the next page on."""
    if following is None:
        return None
    descending = bounds["descending"]
    _, rest = Span(bounds["start"], bounds["end"]).split(following, descending)
    return Bounds(start=rest.start, end=rest.end, descending=descending)


async def _stretches(store: Store, asked: Asked) -> list[Stretch]:
    if not asked.include:
        return []
    start, end = asked.span
    return await store.configurations.stretches(asked.site_id, start=start, end=end)


def _written(asked: Asked, page: ReadingPage, stretches: Sequence[Stretch]) -> Response:
    link = asked.link(page.next)
    if asked.media_type != _JSON:
        return replies.table(asked.media_type, page.series, asked.names, link)
    body: dict[str, Any] = {**shapes.series(page.series, asked.names)}
    if asked.include:
        body["configurations"] = configurations(asked.site_id, stretches, _shown(asked, page))
    return replies.json(body, headers=link)


def _shown(asked: Asked, page: ReadingPage) -> Span:
    """Return the part of the range that the page has all readings of."""
    if page.next is None:
        return asked.span
    return asked.span.split(page.next, asked.order == "desc")[0]

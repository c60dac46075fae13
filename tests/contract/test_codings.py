"""Codings and media ranges by themselves: bodies in gzip, and what a client says that it takes."""

import asyncio
import gzip
import itertools
import threading
import zlib
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitewatt.contract.media_types import essence, preferred
from sitewatt.contract.preferences import LONGEST, preferences
from sitewatt.web import bodies, codings
from sitewatt.web.bodies import BodyTooLarge, Inflation, NotGzip, read_body
from sitewatt.web.codings import takes_gzip

LIMIT = 2_097_152
EMPTY_MEMBER = gzip.compress(b"", mtime=0)


def inflated(*chunks: bytes, limit: int = LIMIT) -> bytes:
    """Return what a body in gzip says that comes in these chunks."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    coming = iter([*messages, {"type": "http.request"}])

    async def receive() -> Any:
        return next(coming)

    return asyncio.run(read_body(receive, limit, in_gzip=True))


# Bodies


@settings(deadline=None)
@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.data())
def test_a_body_in_gzip_says_the_same_however_it_is_cut(
    members: list[bytes], data: st.DataObject
) -> None:
    packed = b"".join(gzip.compress(member) for member in members)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(packed)), max_size=6)))
    ends = [0, *cuts, len(packed)]
    chunks = [packed[start:end] for start, end in itertools.pairwise(ends)]
    assert inflated(*chunks) == b"".join(members)


@settings(deadline=None)
@given(st.binary(max_size=2000), st.data())
def test_any_beginning_of_a_body_in_gzip_is_cut_short(said: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(said)
    with pytest.raises(NotGzip, match="cut short"):
        inflated(packed[: data.draw(st.integers(0, len(packed) - 1))])


@settings(deadline=None)
@given(st.binary(min_size=2, max_size=200).filter(lambda said: said[:2] != b"\x1f\x8b"))
def test_anything_else_is_not_gzip_nor_may_it_follow(other: bytes) -> None:
    for body in (other, gzip.compress(b"said") + other):
        with pytest.raises(NotGzip):
            inflated(body)


class Watched:
    """Stands for zlib in the module that reads bodies, and counts."""

    error = zlib.error

    def __init__(self) -> None:
        self.given = self.made = self.members = 0

    def decompressobj(self, wbits: int) -> "WatchedMember":
        self.members += 1
        return WatchedMember(self, zlib.decompressobj(wbits))


class WatchedMember:
    def __init__(self, watched: Watched, member: Any) -> None:
        self._watched, self._member = watched, member

    def __getattr__(self, name: str) -> Any:
        return getattr(self._member, name)

    def decompress(self, part: bytes, most: int) -> bytes:
        made: bytes = self._member.decompress(part, most)
        self._watched.given += len(part)
        self._watched.made += len(made)
        return made


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched()
    monkeypatch.setattr(bodies, "zlib", watched)
    return watched


def test_of_a_bomb_no_more_is_made_than_the_limit_and_a_byte(watched: Watched) -> None:
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    mebibyte = b"\0" * 2**20
    bomb = b"".join(packing.compress(mebibyte) for _ in range(1024)) + packing.flush()
    assert len(bomb) < LIMIT
    with pytest.raises(BodyTooLarge):
        inflated(bomb)
    assert watched.made == LIMIT + 1
    assert watched.given < len(bomb) / 100


def test_many_small_bombs_are_one(watched: Watched) -> None:
    with pytest.raises(BodyTooLarge):
        inflated(gzip.compress(b"\0" * 100_000) * 1000)
    assert watched.made == LIMIT + 1


def test_a_body_of_empty_members_is_looked_at_a_bounded_number_of_times(watched: Watched) -> None:
    number = LIMIT // len(EMPTY_MEMBER)
    assert inflated(EMPTY_MEMBER * number) == b""
    assert watched.members == number
    # Each member is offered one slice at most twice; all that is left would be 1 MiB on average.
    assert watched.given <= number * 2 * 1024


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_body_may_inflate_to_the_limit_and_no_further(beyond: int) -> None:
    packed = gzip.compress(b"a" * 60) + gzip.compress(b"b" * (40 + beyond))
    if beyond:
        with pytest.raises(BodyTooLarge):
            inflated(packed, limit=100)
    else:
        assert len(inflated(packed, limit=100)) == 100


def test_a_body_that_has_said_all_it_may_can_still_end() -> None:
    inflation = Inflation(100)
    packed = gzip.compress(b"a" * 100) + EMPTY_MEMBER
    assert b"".join(inflation.inflate(bytes([byte])) for byte in packed) == b"a" * 100
    inflation.end()


# What a client takes


@pytest.mark.parametrize(
    ("accept_encoding", "taken"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br", False),
        ("identity", False),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("gzip;q=0.001", True),
        ("gzip ; q=0.5", True),
        ("gzip;q=0, *", False),
        ("*;q=0, gzip", True),
        ("identity, gzip;q=0.5", False),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("identity;q=0, br", False),
        ("gzip;q=high", False),
        ("gzip;q=1.5", False),
        (",,gzip,", True),
        ("gzip" + " " * 1000, False),
    ],
)
def test_gzip_is_taken_by_who_says_so(accept_encoding: str | None, taken: bool) -> None:
    assert takes_gzip(accept_encoding) is taken


HEADERS = st.text(max_size=60) | st.text('gzip*/,;q=.01"\\ aj', max_size=60)


@given(HEADERS)
def test_any_text_says_what_it_takes_or_nothing(text: str) -> None:
    takes_gzip(text)
    assert all(0 <= weight <= 1 for weight in preferences(text).values())


@given(
    st.dictionaries(
        st.sampled_from(["gzip", "br", "*", "text/html", "text/*"]), st.integers(0, 1000)
    ),
    st.sampled_from([",", " , ", ",,"]),
    st.sampled_from(["", ';a="b,;q=0"', "; level=1"]),
)
def test_preferences_are_read_as_they_are_meant(
    meant: dict[str, int], between: str, more: str
) -> None:
    text = between.join(f"{word.upper()}{more};q={weight / 1000}" for word, weight in meant.items())
    assert preferences(text) == {word: weight / 1000 for word, weight in meant.items()}


@given(HEADERS)
def test_any_text_accepts_or_does_not(text: str) -> None:
    assert preferred(text, ("application/json",)) in ("application/json", None)
    assert preferred(f"{text},application/json", ("application/json",)) or '"' in text


@given(st.permutations(["text/csv", "text/*;q=0.5", "*/*;q=0", "application/json;q=0.1"]))
def test_the_narrowest_range_decides_wherever_it_stands(ranges: list[str]) -> None:
    accept = ", ".join(ranges)
    taken = ("text/csv", "text/html", "application/json")
    assert all(preferred(accept, (media_type,)) == media_type for media_type in taken)
    assert not preferred(accept, ("application/yaml", "image/png"))
    assert preferred(accept, ("application/yaml", "text/html"))


OFFERED = ("application/json", "text/csv", "application/x-ndjson")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV; charset=utf-8", "text/csv"),
        ("text/html, text/*;q=0.1", "text/csv"),
        ("application/*", "application/json"),
        ("application/json;q=0.4, text/csv;q=0.5", "text/csv"),
        ("application/json;q=0.5, text/csv;q=0.5", "application/json"),
        ("text/csv, */*", "text/csv"),
        ("application/*, text/csv", "text/csv"),
        ("application/x-ndjson, application/*", "application/x-ndjson"),
        ("application/json;q=0.1, */*;q=0.2", "text/csv"),
        ("application/json;q=0, */*;q=0.2", "text/csv"),
        ("application/json;q=0, text/csv;q=0, *", "application/x-ndjson"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
        ("text/html", None),
        ("*/*;q=0", None),
        ("application/problem+json", None),
    ],
)
def test_what_a_client_likes_best_is_chosen(accept: str, media_type: str | None) -> None:
    assert preferred(accept, OFFERED) == media_type


def test_how_narrow_a_range_is_counts_alike_for_every_media_type() -> None:
    offered = ("text/csv", "application/problem+json")
    assert preferred("text/*, application/*", offered) == "text/csv"
    assert preferred("text/*, application/json", offered) == "application/problem+json"


@given(HEADERS, st.permutations(OFFERED))
def test_what_is_chosen_is_taken_and_who_takes_anything_gets_something(
    text: str, offered: list[str]
) -> None:
    chosen = preferred(text, tuple(offered))
    assert chosen is None or preferred(text, (chosen,)) == chosen
    assert all(chosen is not None or preferred(text, (one,)) is None for one in offered)


def test_of_a_range_that_is_named_twice_the_greater_weight_counts() -> None:
    for weights in (("1", "0.1"), ("0.1", "1")):
        assert preferences(", ".join(f"a;q={weight}" for weight in weights)) == {"a": 1.0}


def test_a_header_is_read_that_is_as_long_as_it_may_be() -> None:
    only = "text/csv".ljust(LONGEST)
    assert preferred(only, ("application/json",)) is None
    assert preferred(only + " ", ("application/json",)) == "application/json"
    long = "text/csv;".ljust(200)
    assert (essence(long), essence(long + " ")) == ("text/csv", None)


def test_a_header_without_end_is_not_read() -> None:
    assert preferred("text/csv" + ", text/csv" * 10_000, ("application/json",))
    assert preferences("text/csv" + ", text/csv" * 10_000) == {}


# Answers


@pytest.mark.parametrize("size", [65_536, 65_537])
async def test_a_large_content_is_compressed_off_the_event_loop(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    threads: list[int] = []

    def compress(content: bytes, *options: int) -> bytes:
        threads.append(threading.get_ident())
        return zlib.compress(content, *options)

    monkeypatch.setattr(codings, "zlib", SimpleNamespace(compress=compress))
    start: Any = {"type": "http.response.start", "status": 200, "headers": []}
    content: Any = {"type": "http.response.body", "body": b" " * size}
    answer = await codings.coded(start, content, {"accept-encoding": "gzip"})
    assert gzip.decompress(answer["body"]) == content["body"]
    assert (threads == [threading.get_ident()]) == (size <= 65_536)


def piece(content: bytes, *, more: bool = True) -> Any:
    return {"type": "http.response.body", "body": content, "more_body": more}


async def in_pieces(contents: list[bytes]) -> tuple[list[bytes], Any]:
    """Return the pieces of an answer to who takes gzip, and its headers."""
    start: Any = {"type": "http.response.start", "status": 200, "headers": [(b"vary", b"Accept")]}
    gzip_ = codings.streamed(start, {"accept-encoding": "gzip"})
    assert gzip_ is not None
    messages = [piece(c) for c in contents] + [piece(b"", more=False)]
    coded = [await gzip_.compressed(message) for message in messages]
    assert [m["more_body"] for m in coded] == [True] * len(contents) + [False]
    return [m["body"] for m in coded], start["headers"]


@given(st.lists(st.binary(max_size=50) | st.integers(0, 9000).map(bytes), max_size=6))
async def test_an_answer_in_pieces_is_gzip_as_it_comes(contents: list[bytes]) -> None:
    parts, headers = await in_pieces(contents)
    assert gzip.decompress(b"".join(parts)) == b"".join(contents)
    assert headers == [(b"vary", b"Accept, Accept-Encoding"), (b"content-encoding", b"gzip")]


async def test_of_an_answer_in_pieces_less_than_4_kib_are_held_back() -> None:
    contents = [b"%07d\n" % number for number in range(5000)]
    parts, _ = await in_pieces(contents)
    inflated, told, sent = zlib.decompressobj(31), 0, 0
    for content, part in zip(contents, parts, strict=False):
        told, sent = told + len(inflated.decompress(part)), sent + len(content)
        assert sent - told < 4096


async def test_an_answer_in_pieces_stays_as_it_is_for_who_takes_no_gzip() -> None:
    start: Any = {"type": "http.response.start", "status": 200, "headers": []}
    assert codings.streamed(start, {"accept-encoding": "br"}) is None
    assert start["headers"] == [(b"vary", b"Accept-Encoding")]


@pytest.mark.parametrize("size", [65_536, 65_537])
async def test_a_large_piece_is_compressed_off_the_event_loop(size: int) -> None:
    threads: list[int] = []

    class Noting(codings.Gzip):
        def _next(self, content: bytes, more: bool) -> bytes:
            threads.append(threading.get_ident())
            return super()._next(content, more)

    await Noting().compressed(piece(b" " * size))
    assert (threads == [threading.get_ident()]) == (size <= 65_536)

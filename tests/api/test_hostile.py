"""Bytes that a stranger may send, and the answer that each must get.

Every row goes over a real socket to uvicorn as the program sets it up, on a real mongod. After its
answers the connection is closed, or in step: the next answer on it is the one to the next request.
No row may store anything, hang, or be a bug.
"""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

import pytest
from api_service import CONTRACT, KEY, PATHS
from crafted import (
    CHUNKED,
    CONFIGURATION,
    DRY,
    HOST,
    JSON,
    LIVE,
    OPERATOR,
    QUOTED,
    READING,
    SITE,
    SITES,
    battery,
    chunk,
    chunked,
    columns,
    configuration,
    framed,
    get,
    head,
    members,
    post,
    production,
    reading,
    site,
    typed,
)
from wire import SERVED, Answer, Connection
from wire_service import WireService, keeps_the_contract, slug, wire_service

from sitewatt.mongod import Mongod

MARKER = b"Zq7marker"
"""Stands in values; no answer to a refused request may show it."""

SERVER = "(the HTTP server itself)"
"""Says that the request is broken HTTP, and is answered before the service sees it."""


class Row(NamedTuple):
    """What is sent, in one piece or several, and what must come back.

    `status` and `says` are of each answer: a problem's type, SERVER, or None for no problem. A row
    with no status sends what is not whole, and then hangs up. `holds` stands in the last answer.
    `wrong` says why the service does not give the right answer yet.
    `stock_says` is the problem where stock Connexion finds another.
    """

    name: str
    sent: bytes | tuple[bytes, ...]
    status: int | tuple[int, ...] | None
    says: str | tuple[str | None, ...] | None = None
    locked: bool = False
    holds: bytes = b""
    headers: Mapping[str, str] = {}
    unfinished: bool = False
    wrong: str = ""
    stock_says: str | None = None


# The table, by what is attacked


def request_lines() -> Iterator[Row]:
    def line(text: bytes) -> bytes:
        return head(text, HOST)

    yield Row("no request at all", b"", None)
    yield Row("only empty lines", b"\r\n" * 1000, None)
    yield Row("empty lines before the request", b"\r\n\r\n" + get(b"/livez"), 200)
    yield Row(
        "a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50, 400, SERVER
    )
    yield Row("an SSH greeting", b"SSH-2.0-OpenSSH_9.6\r\n", 400, SERVER)
    yield Row(
        "the preface of HTTP/2",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0",
        400,
        SERVER,
    )
    yield Row("HTTP/0.9", b"GET /livez\r\n\r\n", 400, SERVER)
    yield Row("HTTP/1.0", line(b"GET /livez HTTP/1.0"), 200, headers={"connection": "close"})
    yield Row("HTTP/1.0 without Host", head(b"GET /livez HTTP/1.0"), 403, "forbidden")
    yield Row(
        "HTTP/1.0 with keep-alive",
        head(b"GET /livez HTTP/1.0", HOST, b"Connection: keep-alive"),
        200,
    )
    yield Row("HTTP/1.2", line(b"GET /livez HTTP/1.2"), 400, SERVER)
    yield Row("HTTP/9.9", line(b"GET /livez HTTP/9.9"), 400, SERVER)
    yield Row("HTTP/01.1", line(b"GET /livez HTTP/01.1"), 400, SERVER)
    yield Row("HTTP/1.1 in small letters", line(b"GET /livez http/1.1"), 400, SERVER)
    yield Row("a method in small letters", line(b"get /livez HTTP/1.1"), 400, SERVER)
    yield Row("a method that nobody knows", line(b"BREW /livez HTTP/1.1"), 400, SERVER)
    yield Row("TRACE", line(b"TRACE /v1/sites/Zq7marker HTTP/1.1"), 405, "method-not-allowed")
    yield Row(
        "PUT",
        post(SITE, site(), method=b"PUT"),
        405,
        "method-not-allowed",
        headers={"allow": "DELETE, GET, HEAD, OPTIONS, PATCH"},
    )
    yield Row("a method of WebDAV", get(SITE, method=b"PROPFIND"), 405, "method-not-allowed")
    yield Row("a method of ICE", get(SITE, method=b"SOURCE"), 405, "method-not-allowed")
    yield Row(
        "POST where there is only GET", post(LIVE + b"/latest", READING), 405, "method-not-allowed"
    )
    yield Row("a method that a header overrides", get(SITE, b"X-HTTP-Method-Override: DELETE"), 200)
    yield Row("CONNECT to a port", line(b"CONNECT localhost:80 HTTP/1.1"), 400, SERVER)
    yield Row("CONNECT to a path", line(b"CONNECT /v1/sites HTTP/1.1"), 405, "method-not-allowed")
    yield Row("OPTIONS of everything", line(b"OPTIONS * HTTP/1.1"), 404, "unknown-path")
    yield Row(
        "OPTIONS of a path",
        get(SITES, method=b"OPTIONS"),
        204,
        headers={"allow": "GET, HEAD, OPTIONS, POST"},
    )
    yield Row("OPTIONS of nothing", get(b"/nothing", method=b"OPTIONS"), 404, "unknown-path")
    yield Row("HEAD", get(SITES, method=b"HEAD"), 200)
    yield Row("HEAD of what is refused", get(b"/v1/sites/x", method=b"HEAD"), 400)
    yield Row("tabs for spaces", line(b"GET\t/livez\tHTTP/1.1"), 400, SERVER)
    yield Row("a space in the target", line(b"GET /v1 /sites HTTP/1.1"), 400, SERVER)
    yield Row("a NUL in the target", line(b"GET /livez\0 HTTP/1.1"), 400, SERVER)
    yield Row(
        "a line that ends in LF alone", b"GET /livez HTTP/1.1\nHost: localhost\n\n", 400, SERVER
    )


def targets() -> Iterator[Row]:
    def path(target: bytes, status: int, says: str | None, **more: str) -> Row:
        return Row(f"the target {target.decode('latin-1')[:60]}", get(target), status, says, **more)

    yield path(b"http://localhost/livez", 200, None)
    yield path(b"http://elsewhere.example/v1/nothing", 404, "unknown-path")
    yield path(b"http://localhost", 307, None)
    yield path(b"localhost:80", 400, SERVER)
    yield path(b"livez", 400, SERVER)
    yield path(b"//livez", 404, "unknown-path")
    yield path(b"//elsewhere.example/livez", 404, "unknown-path")
    yield path(b"/livez/", 404, "unknown-path")
    yield path(b"/LIVEZ", 404, "unknown-path")
    yield path(b"/v1/../livez", 404, "unknown-path")
    yield path(b"/v1/%2e%2e/livez", 404, "unknown-path")
    yield path(b"/docs/../../etc/passwd", 404, "unknown-path")
    yield path(b"/docs/..%2f..%2fetc%2fpasswd", 404, "unknown-path")
    yield path(b"/docs/swagger-ui.css%00", 404, "unknown-path")
    yield path(b"/schemas/../openapi.json", 404, "unknown-path")
    yield path(b"/schemas/__class__", 400, "bad-parameter")
    yield path(b"/schemas/constructor", 404, "unknown-schema")
    yield path(b"/problems/zqmarker", 404, "unknown-problem")
    yield path(b"/problems/%3Cscript%3E", 400, "bad-parameter")
    yield path(b"/%6civez", 200, None)
    yield path(b"/%zz", 404, "unknown-path")
    yield path(b"/%", 404, "unknown-path")
    yield path(b"/livez%00", 404, "unknown-path")
    yield path(b"/livez%0d%0aX-Injected:%20Zq7marker", 404, "unknown-path")
    yield path(b"/livez;a=b", 404, "unknown-path")
    yield path(b"/v1/sites/\xff", 400, SERVER)
    yield path(b"/v1/sites/\xc3\xa9", 400, SERVER)
    yield path(b"/v1%2fsites", 404, "unknown-path", wrong=ENCODED_SLASH)
    yield path(b"/v1/sites/1%2flive", 400, "bad-parameter", wrong=ENCODED_SLASH)
    yield path(b"/v1/sites/1//live", 404, "unknown-path")
    yield path(b"/v1/sites//live", 404, "unknown-path")
    yield Row("a target of 100,000 bytes", get(b"/" + b"a" * 100_000), 400, SERVER)
    yield Row("a target of 60,000 segments", get(b"/" * 60_000), 414, "uri-too-long")
    yield Row("a target of 8,192 segments", get(b"/" * 8192), 404, "unknown-path")
    yield Row("a target of 8,193 segments", get(b"/" * 8193), 414, "uri-too-long")
    for wrong in (
        b"0", b"-1", b"01", b"+1", b"1_0", b"1.0", b"1e0", b"0x1", b"2147483648", b"9" * 5000,
        b"%20", b"1%20", b"1%00", b"%ff", b"%c0%b1", b"%ef%bc%91", b"%d9%a1", b"%zz",
        b"%7B%22$gt%22:%22%22%7D", b"null", b"NaN", b"__proto__",
    ):  # fmt: skip
        yield Row(
            f"the site id {wrong.decode()[:30]}", get(b"/v1/sites/" + wrong), 400, "bad-parameter"
        )
    yield Row(
        "a site id before a line break",
        get(b"/v1/sites/1%0a"),
        400,
        "bad-parameter",
        stock_says="bad-request",
    )
    yield path(b"/v1/sites/1/configuration/revisions/01", 400, "bad-parameter")
    yield path(b"/v1/sites/1/configuration/revisions/$ne", 400, "bad-parameter")
    yield path(b"/v1/sites/2147483647", 404, "unknown-site")


ENCODED_SLASH = "a %2F is taken as a slash: what is routed is the decoded path (RFC 3986, 2.2)"


def headers() -> Iterator[Row]:
    def with_(*lines: bytes) -> bytes:
        return get(SITES, *lines)

    nobody = head(b"GET /v1/sites HTTP/1.1", b"X-API-Key: " + KEY.encode())
    two = get(SITES, b"Host: localhost", b"X-API-Key: " + KEY.encode())
    bare = b"GET /v1/sites HTTP/1.1\r\n"
    yield Row("no Host", head(b"GET /v1/sites HTTP/1.1"), 400, SERVER)
    yield Row("no Host, with a key", nobody, 400, SERVER, locked=True)
    yield Row("two Hosts", with_(b"Host: localhost"), 400, SERVER)
    yield Row("two Hosts, with a key", two, 400, SERVER, locked=True)
    for host in (
        b"", b"elsewhere.example", b"localhost:x", b"localhost, localhost", b"[::1", b"%6cocalhost",
        b"localhost/", b"localhost#", b"127.1", b"2130706433", b"localhost.", b"\xff",
    ):  # fmt: skip
        yield Row(
            f"the Host {host.decode('latin-1')!r}",
            head(b"GET /v1/sites HTTP/1.1", b"Host: " + host),
            403,
            "forbidden",
        )
    yield Row("another page's Origin", with_(b"Origin: http://Zq7marker.example"), 403, "forbidden")
    yield Row("a trace of a proxy", with_(b"X-Forwarded-For: 192.0.2.1"), 403, "forbidden")
    yield Row(
        "a header of 60,000 bytes in two pieces",
        (with_(b"X-Junk: " + b"a" * 60_000)[:-5], b"a\r\n\r\n"),
        200,
    )
    most = CONTRACT.limits["head_bytes"]
    room = most - len(with_(b"X-Junk: "))
    yield Row("a head of 64 KiB", with_(b"X-Junk: " + b"a" * room), 200)
    yield Row("a header of 64 KiB", with_(b"X-Junk: " + b"a" * most), 400, SERVER)
    too_long = with_(b"X-Junk: " + b"a" * most)
    yield Row("a header of 64 KiB, its end for itself", (too_long[:-5], too_long[-5:]), 400, SERVER)
    yield Row(
        "a header of 64 KiB in halves", (too_long[: most // 2], too_long[most // 2 :]), 400, SERVER
    )
    yield Row("a header of 60,000 bytes", with_(b"X-Junk: " + b"a" * 60_000), 200)
    yield Row("a header of 4,000,000 bytes", with_(b"X-Junk: " + b"a" * 4_000_000), 400, SERVER)
    yield Row("a header without end", (with_(b"X-Junk: ")[:-4], *[b"a" * 60_000] * 3), 400, SERVER)
    fields = CONTRACT.limits["head_headers"]
    besides = with_().count(b"\r\n") - 2
    yield Row("as many headers as may be", with_(*[b"X-Junk: a"] * (fields - besides)), 200)
    yield Row("a header too many", with_(*[b"X-Junk: a"] * (fields - besides + 1)), 400, SERVER)
    yield Row("100,000 headers", with_(*[b"X-Junk: a"] * 100_000), 400, SERVER)
    yield Row("a NUL in a header", with_(b"X-Junk: a\0b"), 400, SERVER)
    yield Row("a DEL in a header", with_(b"X-Junk: a\x7fb"), 400, SERVER)
    yield Row("a folded header", with_(b"X-Junk: a\r\n b"), 400, SERVER)
    yield Row("a folded first header", bare + b" Host: localhost\r\n\r\n", 400, SERVER)
    yield Row("a bare LF between headers", with_(b"X-Junk: a\nX-More: b"), 400, SERVER)
    yield Row("a bare CR in a header", with_(b"X-Junk: a\rb"), 400, SERVER)
    yield Row("a space before the colon", with_(b"Content-Length : 5"), 400, SERVER)
    yield Row("a header without a colon", with_(b"X-Junk"), 400, SERVER)
    yield Row("a header without a name", with_(b": a"), 400, SERVER)
    yield Row("a header's name in brackets", with_(b"X(Junk): a"), 400, SERVER)
    yield Row("a header's name beyond ASCII", with_(b"X-Junk\xc3\xa9: a"), 400, SERVER)
    yield Row("a header's value beyond ASCII", with_(b"X-Junk: \xc3\xa9\xff"), 200)
    yield Row(
        "a request id that breaks lines", with_(b"X-Request-Id: a%0d%0aX-Injected: Zq7marker"), 200
    )
    yield Row("a request id beyond ASCII", with_(b"X-Request-Id: \xff\xfe"), 200)
    yield Row("two request ids", with_(b"X-Request-Id: a", b"X-Request-Id: b"), 200)
    yield Row(
        "a range of a page that has none",
        get(b"/docs/swagger-ui.css", b"Range: bytes=Zq7marker"),
        200,
    )
    yield Row(
        "a range beyond the end of a page",
        get(b"/docs/swagger-ui.css", b"Range: bytes=99999999-"),
        200,
    )
    yield Row("a slash after a page", get(b"/docs/Zq7marker/"), 404, "unknown-path")
    for name in (b"If-Match", b"If-None-Match"):
        method, status = (b"PATCH", 400) if name == b"If-Match" else (b"GET", 400)
        for value in (
            b"", b"Zq7marker", b'"', b'"a', b"W/", b'w/"a"', b'"a",', b',"a"', b'"a" "b"', b"**",
            b'*, "a"', b'"' + b"a" * 65 + b'"', b'"\xff"', b'{"$gt": ""}',
            b", ".join([b'"a"'] * 300),
        ):  # fmt: skip
            sent = (
                post(SITE, b'{"name": "Zq7marker"}', name + b": " + value, method=method)
                if method == b"PATCH"
                else get(SITE, name + b": " + value)
            )
            yield Row(
                f"{name.decode()}: {value.decode('latin-1')[:30]}", sent, status, "bad-parameter"
            )
    patch = b'{"name": "Zq7marker"}'
    yield Row("no If-Match", post(SITE, patch, method=b"PATCH"), 428, "precondition-required")
    yield Row(
        "another state's If-Match",
        post(SITE, patch, b'If-Match: "a"', method=b"PATCH"),
        412,
        "precondition-failed",
    )
    yield Row(
        "a weak If-Match",
        post(SITE, patch, b'If-Match: W/"a"', method=b"PATCH"),
        412,
        "precondition-failed",
    )


def framing() -> Iterator[Row]:
    size = b"Content-Length: %d" % len(READING)

    def length(*texts: bytes) -> bytes:
        return framed(DRY, READING, JSON, *(b"Content-Length: " + text for text in texts))

    yield Row("a body that is whole", post(DRY, READING), 200)
    whole = post(DRY, READING)
    yield Row("a body byte by byte", (whole[:-9], *(bytes([byte]) for byte in whole[-9:])), 200)
    yield Row("a head byte by byte", (*(bytes([byte]) for byte in whole[:9]), whole[9:]), 200)
    yield Row(
        "a body one byte longer than told",
        length(b"%d" % (len(READING) - 1)),
        (400, 400),
        ("not-json", SERVER),
    )
    yield Row("a body one byte shorter than told", length(b"%d" % (len(READING) + 1)), None)
    yield Row(
        "rubbish after a whole request",
        post(DRY, READING) + b"\0rubbish",
        (200, 400),
        (None, SERVER),
    )
    yield Row(
        "rubbish after two whole requests",
        get(SITE) + post(DRY, READING) + b"\0rubbish",
        (200, 200, 400),
        (None, None, SERVER),
    )
    yield Row(
        "half a chunk and rubbish after a whole request",
        get(SITE) + chunked(b"zz", b"a"),
        (200, 400),
        (None, SERVER),
    )
    yield Row(
        "rubbish after a request that is refused unread",
        get(b"/nothing") + b"\0rubbish",
        (404, 400),
        ("unknown-path", SERVER),
    )
    yield Row("no length and no body", framed(DRY, b"", JSON), 400, "not-json")
    yield Row("no length, and a body", framed(DRY, READING, JSON), (400, 400), ("not-json", SERVER))
    for text in (
        b"",
        b"-1",
        b"+5",
        b"5.0",
        b"0x5",
        b"1_0",
        b"5 5",
        b"5, 5",
        b"5;",
        b"Zq7",
        b"9" * 30,
        b"\xd9\xa1",
    ):
        yield Row(f"the length {text.decode('latin-1')}", length(text), 400, SERVER)
    told = b"%d" % len(READING)
    yield Row("the same length twice", length(told, told), 400, SERVER)
    yield Row("two lengths", length(told, b"0"), 400, SERVER)
    yield Row("a length with a leading zero", length(b"0" + told), 200)
    yield Row("a length beyond the limit", length(b"2097153"), 413, "too-large", unfinished=True)
    yield Row("a length of 2^63", length(b"9223372036854775808"), 413, "too-large", unfinished=True)
    yield Row(
        "a length and chunks",
        framed(DRY, chunk(READING) + b"\r\n0\r\n\r\n", JSON, size, CHUNKED),
        400,
        SERVER,
    )
    yield Row(
        "chunks and a length",
        framed(DRY, chunk(READING) + b"\r\n0\r\n\r\n", JSON, CHUNKED, size),
        400,
        SERVER,
    )
    yield Row("chunks", chunked(chunk(READING), b"0", b"", b""), 200)
    yield Row(
        "chunks of a byte each",
        chunked(*(chunk(bytes([byte])) for byte in READING), b"0", b"", b""),
        200,
    )
    yield Row("a chunk's extension", chunked(chunk(READING, b';a=b;c="d"'), b"0", b"", b""), 200)
    yield Row(
        "a chunk's extension of 100,000 bytes",
        chunked(chunk(READING, b";" + b"a" * 100_000), b"0", b"", b""),
        200,
    )
    yield Row(
        "a trailer without end",
        (chunked(chunk(READING), b"0", b"X-Trailer: "), *[b"a" * 60_000] * 3),
        400,
        SERVER,
    )
    yield Row("trailers", chunked(chunk(READING), b"0", b"X-Trailer: Zq7marker", b"", b""), 200)
    yield Row(
        "a trailer that says how long the body is",
        chunked(chunk(READING), b"0", b"Content-Length: 5", b"", b""),
        400,
        SERVER,
    )
    yield Row(
        "a trailer that brings a Host",
        chunked(chunk(READING), b"0", b"Host: elsewhere.example", b"", b""),
        200,
    )
    for bad in (b"zz", b"-1", b"+1", b"0x1", b"", b" 5", b"5 ", b"f" * 17, b"1\n", b"1;\n"):
        yield Row(
            f"the chunk size {bad.decode()!r}", chunked(bad, b"a", b"0", b"", b""), 400, SERVER
        )
    yield Row("a chunk longer than told", chunked(b"1", READING, b"0", b"", b""), 400, SERVER)
    yield Row("chunks that stop in the middle", chunked(chunk(READING)), None)
    yield Row("chunks without a last one", chunked(chunk(READING), b""), None)
    yield Row(
        "chunks over the limit", chunked(chunk(b" " * 2_097_153), b"0", b"", b""), 413, "too-large"
    )
    for coding in (
        b"gzip",
        b"identity",
        b"chunked, gzip",
        b"xchunked",
        b"chunked;q=1",
        b"\x0bchunked",
        b"chunked, chunked",
    ):
        yield Row(
            f"Transfer-Encoding: {coding.decode()!r}",
            framed(DRY, chunk(READING) + b"\r\n0\r\n\r\n", JSON, b"Transfer-Encoding: " + coding),
            400,
            SERVER,
        )
    yield Row(
        "Transfer-Encoding: gzip, chunked",
        framed(DRY, chunk(READING) + b"\r\n0\r\n\r\n", JSON, b"Transfer-Encoding: gzip, chunked"),
        400,
        SERVER,
    )
    yield Row(
        "chunks to HTTP/1.0",
        head(b"POST %b HTTP/1.0" % DRY, HOST, JSON, CHUNKED) + chunk(READING) + b"\r\n0\r\n\r\n",
        200,
        headers={"connection": "close"},
    )
    yield Row("half a request line", b"GET /li", None)
    yield Row("half a head", get(SITES)[:-2], None)
    yield Row("half a body", post(LIVE, READING)[:-1], None)
    yield Row(
        "half a body that is refused early",
        post(LIVE, READING, b"Content-Encoding: zip")[:-1],
        415,
        "unsupported-media-type",
        unfinished=True,
    )
    yield Row("two requests at once", get(b"/livez") + get(SITE), (200, 200))
    wide = post(DRY, READING + b" " * 150_000)
    yield Row(
        "a long body between two cut heads",
        (wide[:20], wide[20:] + get(SITE)[:-5], get(SITE)[-5:]),
        (200, 200),
    )
    yield Row("thirty requests at once", get(SITE) * 30, (200,) * 30)
    yield Row(
        "a refused request before another",
        post(LIVE, b"{}") + get(SITE),
        (422, 200),
        ("invalid-body", None),
    )
    yield Row(
        "a request refused unread before another",
        post(LIVE, READING, b"Content-Encoding: zip") + get(SITE),
        (415, 200),
        ("unsupported-media-type", None),
    )
    yield Row("a request in the body of another", post(DRY, get(b"/livez")), 400, "not-json")
    yield Row(
        "a request in the body of a GET",
        get(SITE, b"Content-Length: %d" % len(get(b"/livez"))) + get(b"/livez"),
        200,
    )
    yield Row("a request after Connection: close", get(SITE, b"Connection: close") + get(SITE), 200)
    yield Row(
        "Expect: 100-continue",
        (post(DRY, READING, b"Expect: 100-continue")[: -len(READING)], READING),
        200,
    )
    yield Row(
        "Expect: 100-continue of what is refused",
        post(DRY, READING, b"Expect: 100-continue", b"Content-Encoding: zip")[: -len(READING)],
        415,
        "unsupported-media-type",
        unfinished=True,
    )
    yield Row("another expectation", post(DRY, READING, b"Expect: Zq7marker"), 200)
    websocket = (
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    h2c = (
        b"Connection: Upgrade, HTTP2-Settings",
        b"Upgrade: h2c",
        b"HTTP2-Settings: AAMAAABkAAQAAAAA",
    )
    yield Row("a websocket", get(SITE, *websocket), 200)
    yield Row("a websocket where there is nothing", get(b"/ws", *websocket), 404, "unknown-path")
    yield Row("HTTP/2 by upgrade", get(SITE, *h2c), 200)
    yield Row("HTTP/2 by upgrade, with a body", post(DRY, READING, *h2c), 200)
    yield Row(
        "a request in a body that comes with an upgrade",
        (post(DRY, get(SITE), *h2c)[: -len(get(SITE))], get(SITE)),
        400,
        "not-json",
    )
    yield Row("a request after an upgrade", get(SITE, *websocket) + get(SITE), (200, 200))
    yield Row(
        "a request after CONNECT",
        get(SITE, method=b"CONNECT") + get(SITE),
        405,
        "method-not-allowed",
    )


def media_types() -> Iterator[Row]:
    for taken in (
        b"APPLICATION/JSON",
        b"application/json;charset=utf-8",
        b'application/json; charset="UTF-8"',
        b"application/json;",
    ):
        yield Row(f"Content-Type: {taken.decode()}", typed(taken), 200)
    for refused in (
        b"", b"text/plain", b"text/json", b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=a", b"application/json, application/json", b"application/*",
        b"*/*", b"json", b"application/jsonx", b"application/merge-patch+json",
        b"application/problem+json", b"application/json; charset=utf-16",
        b"application/json; charset=latin-1", b"application/json; charset=utf-8; charset=utf-7",
        b"application/Zq7marker", b"\xff", b"application /json", b"a" * 10_000,
    ):  # fmt: skip
        yield Row(
            f"Content-Type: {refused.decode('latin-1')[:60]}",
            typed(refused),
            415,
            "unsupported-media-type",
            headers={"accept-post": "application/json"},
        )
    yield Row(
        "two Content-Types",
        typed(b"application/json", b"Content-Type: text/plain"),
        415,
        "unsupported-media-type",
    )
    yield Row(
        "a PATCH of text",
        framed(SITE, b"{}", b"Content-Type: text/plain", b"Content-Length: 2", method=b"PATCH"),
        415,
        "unsupported-media-type",
    )


def encodings() -> Iterator[Row]:
    text = READING.decode()
    for name, raw in {
        "UTF-16 with a mark": text.encode("utf-16"),
        "UTF-16": text.encode("utf-16-le"),
        "UTF-32": text.encode("utf-32-be"),
        "a byte order mark": text.encode("utf-8-sig"),
        "UTF-7": b"+AHs-" + READING[1:],
        "Latin-1": site(name=b'"\xe9"'),
        "an overlong NUL": site(name=b'"\xc0\x80"'),
        "an overlong slash": site(name=b'"\xc0\xaf"'),
        "a surrogate in UTF-8": site(name=b'"\xed\xa0\x80"'),
        "beyond the last character": site(name=b'"\xf4\x90\x80\x80"'),
        "a cut character": site(name=b'"\xe2\x82"'),
        "gzip that nothing announces": gzip.compress(READING),
        "BSON": b"\x16\0\0\0\x02name\0\x05\0\0\0Zq7m\0\0",
    }.items():
        yield Row(f"a body in {name}", post(LIVE if b"soc" in raw else SITES, raw), 400, "not-json")


def json_syntax() -> Iterator[Row]:
    def live(name: str, text: bytes) -> Row:
        return Row(f"JSON: {name}", post(LIVE, text), 400, "not-json")

    for number in (
        b"NaN", b"-NaN", b"Infinity", b"-Infinity", b"nan", b"1e999", b"-1e999", b"9" * 5000,
        b"1" + b"0" * 400, b"01", b"+1", b"-", b".5", b"1.", b"1e", b"0x1", b"1_0", b"1,0", b"--1",
        b"\xd9\xa1",
    ):  # fmt: skip
        yield live(f"the number {number.decode()[:20]}", reading(soc=number))
    for name, text in {
        "nothing": b"",
        "blanks": b" \r\n\t",
        "a trailing comma": READING[:-1] + b",}",
        "a trailing comma in an array": columns(soc=b"[1,]"),
        "a comment": READING + b"// Zq7marker",
        "a comment inside": b"/* Zq7marker */" + READING,
        "two documents": READING + READING,
        "two lines": READING + b"\n" + READING,
        "a name without quotes": b"{soc: 1}",
        "apostrophes": b"{'soc': 'Zq7marker'}",
        "a bare word": b"Zq7marker",
        "Python's words": reading(pv_notification=b"True"),
        "undefined": reading(soc=b"undefined"),
        "a string that does not end": b'{"soc": "Zq7marker',
        "a line break in a string": reading(soc=b'"Zq7\nmarker"'),
        "a tab in a string": reading(soc=b'"Zq7\tmarker"'),
        "a NUL in a string": reading(soc=b'"Zq7\0marker"'),
        "a NUL after the document": READING + b"\0",
        "a NUL before the document": b"\0" + READING,
        "a form feed between members": READING.replace(b", ", b",\x0c", 1),
        "an escape that is none": reading(soc=b'"\\x41"'),
        "half an escape": reading(soc=b'"\\u00"'),
        "a lone high surrogate": site(name=b'"\\ud800"'),
        "a lone low surrogate": site(name=b'"\\udc00"'),
        "surrogates the wrong way round": site(name=b'"\\udc00\\ud800"'),
        "a lone surrogate as a name": site()[:-1] + b', "\\ud800": 1}',
        "a member twice": READING[:-1] + b', "soc": 2}',
        "a member twice with the same value": READING[:-1] + b', "soc": 1}',
        "a member twice, once escaped": READING[:-1] + b', "\\u0073oc": 2}',
        "a member twice, both escaped": b'{"\\u0073oc": 1, "s\\u006fc": 1}',
        "an unknown member twice": b'{"a": 1, "a": 1}',
        "an empty name twice": b'{"": 1, "": 1}',
        "a member twice, deep inside": configuration(
            battery=b'{"vendor": "KATL", "vendor": "KATL"}'
        ),
        "a member twice, in the thousandth site": b'{"sites": [%b]}'
        % b", ".join([site()] * 999 + [site()[:-1] + b', "id": 8}']),
        "33 levels": b"[" * 33 + b"]" * 33,
        "33 levels of objects": b'{"a": ' * 33 + b"1" + b"}" * 33,
        "1,000 levels": b"[" * 1000 + b"]" * 1000,
        "1,000,000 brackets": b"[" * 1_000_000,
        "1,000,000 levels": b"[" * 1_000_000 + b"]" * 1_000_000,
        "1,000,000 braces": b'{"":' * 500_000,
        "1,000,000 closing brackets": b"]" * 1_000_000,
        "a mebibyte of backslashes": b'"' + b"\\" * 1_048_577,
        "two mebibytes of quotes": b'"' * 2_097_152,
        "two mebibytes of digits": b"1" * 2_097_152,
        "two mebibytes of minus signs": b"-" * 2_097_152,
        "two mebibytes of blanks": b" " * 2_097_152,
    }.items():
        yield live(name, text)
    for depth in (33, 960, 1000, 1023):
        dropped = b'{"a":' + b"[" * depth + b"]" * depth + b',"a":1}'
        yield Row(
            f"{depth} levels in a name that stands twice", post(DRY, dropped), 400, "not-json"
        )


def broken(name: str, target: bytes, text: bytes) -> Row:
    return Row(f"contract: {name}", post(target, text), 422, "invalid-body")


def values() -> Iterator[Row]:
    for text in (
        b"null",
        b"true",
        b"1",
        b'"Zq7marker"',
        b"[]",
        b"[{}]",
        b"{}",
        b"[%b]" % READING,
        b"[" * 32 + b"]" * 32,
    ):
        yield broken(f"the body {text.decode()[:20]}", LIVE, text)
    for value in (
        b"-1", b"-0.0000001", b"100.00001", b"101", b"1e308", b"18446744073709551615",
        b"18446744073709551616", b"-9223372036854775809", b"9" * 300, b"null", b"true", b'"1"',
        QUOTED, b"[]", b"[1]", b"{}", OPERATOR, b'{"$numberDouble": "NaN"}',
        b'{"__proto__": {"soc": 1}}',
    ):  # fmt: skip
        yield broken(f"soc is {value.decode()[:30]}", LIVE, reading(soc=value))
    for value in (b"0", b"1", b'"true"', b'"yes"', b"null", b"{}", b"[]"):
        yield broken(f"pv_notification is {value.decode()}", LIVE, reading(pv_notification=value))
    for value in (
        b"1.5",
        b"0",
        b"-1",
        b"2147483648",
        b"1e30",
        b"true",
        b'"1"',
        b"null",
        b"1e-1",
        b"9" * 30,
    ):
        yield broken(f"a site's id is {value.decode()}", SITES, site(id=value))
    for value in (
        b'""',
        b'" "',
        b'"a\\u0000b"',
        b'"a\\nb"',
        b'"\\u007f"',
        b'"\\u0085"',
        b'"%b"' % (b"a" * 201),
        b"1",
        b"null",
    ):
        yield broken(f"a site's name is {value.decode()[:20]}", SITES, site(name=value))
    yield broken(
        "a site's name of two million letters", SITES, site(name=b'"%b"' % (b"a" * 2_000_000))
    )
    for value in (
        b'"utc"',
        b'"Mars/Olympus"',
        b'"../../etc/passwd"',
        b'"/etc/passwd"',
        b'"Europe/Amsterdam\\u0000"',
        b'""',
        b'"posixrules"',
        QUOTED,
    ):
        yield broken(f"a time zone is {value.decode()}", SITES, site(time_zone=value))


def shapes() -> Iterator[Row]:
    for name in (
        "__proto__", "constructor", "prototype", "$where", "$set", "_id", "a.b", "soc.$gt", "",
        " soc", "SOC", "s\\u006fc2", "\\u0000", "dt_stamp", "a" * 100_000, "\\uD83D\\uDE00" * 100,
        "~" * 200, "/" * 200, "\\u202e\\u0007",
    ):  # fmt: skip
        yield broken(f"an unknown member {name[:20]!r}", LIVE, reading(**{name: b"1"}))
    many = b", ".join(b'"a%d": 1' % n for n in range(50_000))
    yield broken("50,000 unknown members", LIVE, READING[:-1] + b", " + many + b"}")
    yield broken("50,000 unknown members of columns", LIVE, columns()[:-1] + b", " + many + b"}")
    yield broken("10,001 rows", LIVE, columns(10_001))
    yield broken(
        "10,000 rows, all at fault",
        LIVE,
        columns(10_000, soc=b"[%b]" % b",".join([b"-1"] * 10_000)),
    )
    yield broken(
        "10,000 rows, each of another type",
        LIVE,
        columns(10_000, soc=b"[%b]" % b",".join([b'"Zq7marker"', b"{}"] * 5_000)),
    )
    yield broken(
        "10,000 rows, the last at fault",
        LIVE,
        columns(10_000, soc=b"[%b, 101]" % b",".join([b"1"] * 9_999)),
    )
    yield broken(
        "10,000 rows with one stamp",
        LIVE,
        columns(10_000, **{"dt-stamp": b"[%b]" % b",".join([b'"2023-01-01T00:00:00Z"'] * 10_000)}),
    )
    yield broken("500,000 values", LIVE, columns(soc=b"[%b]" % b",".join([b"1"] * 500_000)))
    yield broken("500,000 empty arrays", LIVE, columns(soc=b"[%b]" % b",".join([b"[]"] * 500_000)))
    yield broken(
        "500,000 empty objects for stamps",
        LIVE,
        columns(**{"dt-stamp": b"[%b]" % b",".join([b"{}"] * 500_000)}),
    )
    yield broken("columns of different lengths", LIVE, columns(2, soc=b"[1]"))
    yield broken("a column and scalars", LIVE, reading(soc=b"[1]"))
    yield broken("columns and a scalar", LIVE, columns(soc=b"1"))
    yield broken(
        "stamps of every type",
        LIVE,
        columns(**{"dt-stamp": b'[null, 1, true, {}, [], 1.5, {"$gt": ""}]'}),
    )
    yield broken(
        "the same moment spelt in two ways",
        LIVE,
        columns(2, **{"dt-stamp": b'["2023-01-01 00:00:00", "2023-01-01T01:00:00+01:00"]'}),
    )
    yield broken("no sites", SITES, b'{"sites": []}')
    yield broken("sites that are none", SITES, b'{"sites": {"0": {}}}')
    yield broken(
        "1,001 sites",
        SITES,
        b'{"sites": [%b]}' % b",".join(site(id=b"%d" % n) for n in range(100, 1101)),
    )
    yield broken("1,000 sites, all at fault", SITES, b'{"sites": [%b]}' % b",".join([b"{}"] * 1000))
    yield broken("two sites with one id", SITES, b'{"sites": [%b, %b]}' % (site(), site()))
    yield broken(
        "two sites with one id, spelt in two ways",
        SITES,
        b'{"sites": [%b, %b]}' % (site(), site(id=b"77.0")),
    )
    yield broken(
        "two sites whose ids are objects",
        SITES,
        b'{"sites": [%b, %b]}' % (site(id=b"{}"), site(id=b"{}")),
    )
    yield broken("a site and sites", SITES, site()[:-1] + b', "sites": [%b]}' % site())
    yield broken(
        "a hundred sites and one at fault",
        SITES,
        b'{"sites": [%b, %b]}'
        % (b",".join(site(id=b"%d" % n) for n in range(100, 200)), site(id=b"0")),
    )
    yield broken("another site's configuration", CONFIGURATION, configuration(id=b"2"))
    yield broken(
        "a vendor in small letters",
        CONFIGURATION,
        configuration(battery=battery(vendor=b'"tesla"')),
    )
    yield broken(
        "half a unit", CONFIGURATION, configuration(production=production(pv=b'{"units": 0.5}'))
    )
    yield broken(
        "100,001 units",
        CONFIGURATION,
        configuration(production=production(pv=b'{"units": 100001}')),
    )
    yield broken(
        "negative units", CONFIGURATION, configuration(production=production(pv=b'{"units": -1}'))
    )
    yield broken(
        "a fourth production", CONFIGURATION, configuration(production=production(Zq7=b"{}"))
    )


def states() -> Iterator[Row]:
    for value in (b"-0", b"-0.0", b"0e0", b"1E+1", b"1.0000000000000000000000000001"):
        yield Row(
            f"soc is {value.decode()}, which is a number like others",
            post(DRY, reading(soc=value)),
            200,
        )
    yield Row("a site that is not there", post(b"/v1/sites/2/live", READING), 404, "unknown-site")
    yield Row(
        "a site that is not there, and a body at fault",
        post(b"/v1/sites/2/live", b"{}"),
        422,
        "invalid-body",
    )
    yield Row("a site's id with other content", post(SITES, site(id=b"1")), 409, "sites-exist")
    yield Row(
        "a list of which one is there with other content",
        post(SITES, b'{"sites": [%b, %b]}' % (site(), site(id=b"1"))),
        409,
        "sites-exist",
    )
    yield Row(
        "the same readings with other values",
        post(LIVE, reading(**{"dt-stamp": b'"2023-01-01 00:00:00"'})),
        409,
        "readings-conflict",
    )
    yield Row(
        "a patch of nothing",
        post(SITE, b"{}", b"If-Match: *", method=b"PATCH"),
        422,
        "invalid-body",
    )
    yield Row(
        "a patch of the id",
        post(SITE, b'{"id": 2}', b"If-Match: *", method=b"PATCH"),
        422,
        "invalid-body",
    )
    yield Row(
        "a patch with null",
        post(SITE, b'{"name": null}', b"If-Match: *", method=b"PATCH"),
        422,
        "invalid-body",
    )
    yield Row(
        "a patch by operators",
        post(SITE, b'{"$set": {"name": "Zq7marker"}}', b"If-Match: *", method=b"PATCH"),
        422,
        "invalid-body",
    )
    yield Row(
        "a JSON Patch",
        post(SITE, b'[{"op": "remove", "path": "/name"}]', b"If-Match: *", method=b"PATCH"),
        422,
        "invalid-body",
    )


def operators() -> Iterator[Row]:
    """An operator of MongoDB in the place of every value of every body."""

    def row(name: str, target: bytes, text: bytes, *headers: bytes, method: bytes = b"POST") -> Row:
        return Row(
            f"an operator for {name}",
            post(target, text, *headers, method=method),
            422,
            "invalid-body",
        )

    for name in json.loads(READING):
        yield row(f"{name}", LIVE, reading(**{name: OPERATOR}))
        yield row(f"the column {name}", LIVE, columns(**{name: OPERATOR}))
        yield row(f"a value of the column {name}", LIVE, columns(**{name: b"[%b]" % OPERATOR}))
    for name in json.loads(site()):
        yield row(f"a site's {name}", SITES, site(**{name: OPERATOR}))
        yield row(
            f"{name} in a list of sites", SITES, b'{"sites": [%b]}' % site(**{name: OPERATOR})
        )
        yield row(
            f"{name} in a patch", SITE, members(**{name: OPERATOR}), b"If-Match: *", method=b"PATCH"
        )
    for name in ("id", "battery", "production", "effective_from", "revision", "recorded_at"):
        yield row(name, CONFIGURATION, configuration(**{name: OPERATOR}))
    for name in ("vendor", "capacity_kwh", "max_power_kw"):
        yield row(name, CONFIGURATION, configuration(battery=battery(**{name: OPERATOR})))
    for name in ("pv", "bio", "cro"):
        yield row(name, CONFIGURATION, configuration(production=production(**{name: OPERATOR})))
        yield row(
            f"the units of {name}",
            CONFIGURATION,
            configuration(production=production(**{name: b'{"units": {"$gt": ""}}'})),
        )
    yield row("sites", SITES, b'{"sites": {"$gt": ""}}')
    yield row("a site", SITES, b'{"sites": [{"$gt": ""}]}')


def query(words: bytes, target: bytes = LIVE, status: int = 400) -> Row:
    says = {400: "bad-parameter", 414: "uri-too-long"}.get(status)
    name = f"the query {target.decode()}?{words.decode('latin-1')[:60]}"
    return Row(name, get(target + b"?" + words), status, says)


def queries() -> Iterator[Row]:
    for text in (
        b"", b"0", b"01", b"+1", b"-1", b"1_0", b"1.0", b"1e1", b"0x1", b"1%20", b"%201",
        b"%EF%BC%91", b"%D9%A1", b"1%00", b"10001", b"9" * 5000, b"NaN", b"true", b"Zq7marker",
        b"1,2", b"%7B%22$gt%22%3A%22%22%7D",
    ):  # fmt: skip
        yield query(b"limit=" + text)
    for text in (b"TRUE", b"True", b"1", b"0", b"yes", b"", b"true%00"):
        yield Row(
            f"dry_run={text.decode()}",
            post(LIVE + b"?dry_run=" + text, READING),
            400,
            "bad-parameter",
        )
    for words in (
        b"limit=1&limit=1", b"limit=1&limi%74=2", b"limit", b"LIMIT=1", b"limit[]=1",
        b"limit[$gt]=1", b"limit.$gt=1", b"from[$gt]=", b"from[]=2023-01-01", b"$where=Zq7",
        b"__proto__[a]=1", b"=", b"=1", b"a=Zq7marker", b"limit=1;order=asc",
        b"limit=1%26order=asc", b"%zz", b"limit=%zz", b"%ff", b"limit=%ff", b"name=a%c0%80",
        b"order=%ed%a0%80", b"order=ASC", b"order=asc,desc", b"order=", b"columns=", b"columns=,",
        b"columns=soc,soc", b"columns=dt-stamp", b"columns=$soc", b"columns=soc,", b"columns=_id",
        b"columns=" + b",".join([b"soc"] * 2000), b"cursor=", b"cursor=Zq7marker",
        b"cursor=AAAAAAAAAGQ=", b"cursor=" + b"_" * 11, b"cursor=" + b"A" * 65, b"cursor=%7B%7D",
        b"from=2023-01-02T00:00:00Z&to=2023-01-01T00:00:00Z", b"?", b"?limit=1",
        b"&".join(b"a%d" % n for n in range(1000)), b"a=" + b"b" * 8000,
    ):  # fmt: skip
        yield query(words)
    for words in (
        b"columns=" + b",".join([b"soc"] * 10_000),
        b"&".join(b"a%d" % n for n in range(5000)),
        b"a=" + b"b" * 60_000,
    ):
        yield query(words, status=414)._replace(name=f"a query of {len(words):,} bytes")
    for words in (
        b"",
        b"&",
        b"&&&&",
        b"limit=1&",
        b"&limit=1",
        b"columns=soc%2Cload_kwh",
        b"limi%74=1",
    ):
        yield query(words, status=200)
    yield query(b"a" * 100_000, status=400)._replace(name="a query of 100,000 bytes", says=SERVER)
    yield query(b"name=\xc3\xa9", SITES)._replace(says=SERVER)


def filters() -> Iterator[Row]:
    for words in (
        b"name=%00",
        b"name=",
        b"name=%20",
        b"name=%0a",
        b"location=%C2%85",
        b"name=" + b"a" * 201,
        b"name[$ne]=x",
        b"limit=1001",
        b"cursor=AAAAAAAAAAA&cursor=AAAAAAAAAAA",
    ):
        yield query(words, SITES)
    for text in (
        OPERATOR,
        b'{"$regex": ".*"}',
        b".*",
        b"$",
        b"' || '1'=='1",
        b"%",
        b"\xe2\x80\xae",
    ):
        for name in (b"name", b"location"):
            yield Row(
                f"{name.decode()} is {text.decode()}, a text like others",
                get(SITES + b"?" + name + b"=" + quote(text).encode()),
                200,
                holds=b'{"sites":[]}',
            )
    for name, target in {
        "on_conflict": LIVE, "dry_run": LIVE, "from": LIVE, "to": LIVE, "order": LIVE,
        "columns": LIVE, "cursor": LIVE, "at": CONFIGURATION,
    }.items():  # fmt: skip
        sent = target + b"?" + name.encode() + b"=" + quote(OPERATOR).encode()
        pushed = name in ("on_conflict", "dry_run")
        yield Row(
            f"an operator for the parameter {name}",
            post(sent, READING) if pushed else get(sent),
            400,
            "bad-parameter",
        )


def deletions() -> Iterator[Row]:
    yield Row("a deletion without a range", get(LIVE, method=b"DELETE"), 400, "bad-parameter")
    yield Row(
        "a deletion with half a range",
        get(LIVE + b"?from=1970-01-01T00:00:00Z", method=b"DELETE"),
        400,
        "bad-parameter",
    )
    yield Row(
        "a deletion with a range in a body",
        post(LIVE, b'{"from": "1970-01-01T00:00:00Z"}', method=b"DELETE"),
        400,
        "bad-parameter",
    )
    trailer = chunk(b"a") + b"\r\n0\r\nContent-Length: 1\r\n\r\n"
    yield Row(
        "a deletion whose body is broken",
        get(SITE, CHUNKED, method=b"DELETE") + b"zz\r\n\r\n",
        400,
        SERVER,
    )
    yield Row(
        "a deletion whose body ends in a broken trailer",
        get(SITE, CHUNKED, method=b"DELETE") + trailer,
        400,
        SERVER,
    )
    yield Row(
        "a deletion whose body does not come",
        get(SITE, b"Content-Length: 5", method=b"DELETE") + b"a",
        None,
    )
    yield Row(
        "a deletion of an empty range",
        get(LIVE + b"?from=2023-01-01T00:00:00Z&to=2023-01-01T00:00:00Z", method=b"DELETE"),
        200,
        holds=b'{"deleted":0}',
    )
    yield Row(
        "a deletion of a site that is not there",
        get(b"/v1/sites/2", method=b"DELETE"),
        404,
        "unknown-site",
    )
    yield Row("a deletion of every site", get(SITES, method=b"DELETE"), 405, "method-not-allowed")
    yield Row(
        "a deletion of a site spelt otherwise",
        get(b"/v1/sites/01", method=b"DELETE"),
        400,
        "bad-parameter",
    )
    yield Row(
        "a deletion with an unknown parameter",
        get(SITE + b"?force=true", method=b"DELETE"),
        400,
        "bad-parameter",
    )
    long = b"DELETE /v1/sites/1 HTTP/1.1\r\nHost: localhost\r\n"
    announced = long + b"Content-Length: 10000000000\r\n\r\n"
    yield Row("a deletion with a body of 10 GB", announced, 413, "too-large", unfinished=True)
    endless = long + b"Transfer-Encoding: chunked\r\n\r\n" + 3 * (chunk(b"x" * 0x100000) + b"\r\n")
    yield Row("a deletion with a body of 3 MiB", endless, 413, "too-large", unfinished=True)


def instants() -> Iterator[Row]:
    """Texts that are no instant, in a body and in a parameter."""
    for text in (
        "", "now", "0", "1672531200", "2023-01-01", "2023-01-01T00:00", "2023-01-01T00:00:00+0100",
        "2023-01-01T00:00:00 Z", "2023-02-30T00:00:00Z", "2023-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "2023-04-31T00:00:00Z", "2023-13-01T00:00:00Z",
        "2023-00-01T00:00:00Z", "2023-01-00T00:00:00Z", "2023-01-01T24:00:00Z",
        "2023-01-01T23:60:00Z", "2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01",
        "2106-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z",
        "-2023-01-01T00:00:00Z", "+002023-01-01T00:00:00Z", "2023-01-01T00:00:00+24:00",
        "2023-01-01T00:00:00+23:60", "2023-01-01T00:00:00.5Z", "2023-01-01T00:00:00.000001Z",
        "2023-01-01T00:00:00,0Z", "2023-01-01T00:00:00.Z", "2023-01-01T00:00:00." + "0" * 30 + "Z",
        "\uff12\uff10\uff12\uff13-01-01T00:00:00Z", "\u0662\u0660\u0662\u0663-01-01T00:00:00Z",
        "2023-01-01\u00a000:00:00Z", "2023-01-01  00:00:00", "2023-01-01_00:00:00",
        "2023-01-01T00:00:00\u221201:00", "2023-01-01T00:00:00Z\n", " 2023-01-01T00:00:00Z",
        "2023-01-01T00:00:00Z\0", "2023-W01-1T00:00:00Z", "2023-001T00:00:00Z", "20230101T000000Z",
        "2023-1-1T0:0:0Z", "2023-01-01T00:00:00Zq7marker", "2023-01-01T00:00:00[Europe/Amsterdam]",
        "2023-01-01T" + "0" * 100_000,
    ):  # fmt: skip
        body = post(LIVE, reading(**{"dt-stamp": json.dumps(text).encode()}))
        yield Row(f"the stamp {text[:40]!a}", body, 422, "invalid-body")
        if len(text) < 60_000:
            target = LIVE + b"?from=" + quote(text, safe="").encode()
            yield Row(f"the moment {text[:40]!a}", get(target), 400, "bad-parameter")
    yield Row(
        "a stamp of the far future",
        post(LIVE, reading(**{"dt-stamp": b'"2105-12-31T23:59:59Z"'})),
        422,
        "invalid-body",
    )
    yield Row(
        "a stamp of the far future in a column",
        post(LIVE, columns(**{"dt-stamp": b'["2105-12-31T23:59:59Z"]'})),
        422,
        "invalid-body",
    )
    yield Row(
        "a plus sign for an offset",
        get(LIVE + b"?from=2023-01-01T00:00:00+01:00"),
        400,
        "bad-parameter",
    )


def keys() -> Iterator[Row]:
    key = KEY.encode()

    def refused(*headers: bytes) -> Row:
        name = b", ".join(headers).decode("latin-1")[:60]
        return Row(
            f"the key {name}",
            get(SITES, *headers),
            401,
            "unauthenticated",
            locked=True,
            headers={"www-authenticate": 'Bearer realm="sitewatt"'},
        )

    yield refused()
    for value in (
        b"", b"Bearer", b"Bearer ", b"Bearer  ", b"Basic " + key, key, b"Bearer" + key,
        b"Bearer " + key + b"x", b"Bearer " + key[:-1], b"Bearer " + key + b" " + key,
        b"Bearer, " + key, b"Bearer " + key + b", Bearer " + key, b"Bearer \xff",
        b"Bearer Zq7marker", b"Bearer " + b"k" * 60_000, b"Digest username=Zq7marker",
        b"Bearer " + key.upper(), b'Bearer "' + key + b'"', b'Bearer {"$gt": ""}',
        b"Bearer\t" + key,
    ):  # fmt: skip
        yield refused(b"Authorization: " + value)
    for value in (b"", b"Zq7marker", key + key, b"null", b"*", b"\xff" * 32):
        yield refused(b"X-API-Key: " + value)
    yield refused(b"Authorization: Bearer " + key, b"Authorization: Bearer " + key)
    yield refused(b"X-API-Key: " + key, b"X-API-Key: " + key)
    yield refused(b"Authorization: Bearer wrong", b"X-API-Key: " + key)
    yield refused(b"X_API_Key: " + key)
    yield refused(b"Cookie: X-API-Key=" + key)
    yield Row(
        "a key in the query", get(SITES + b"?X-API-Key=" + key), 401, "unauthenticated", locked=True
    )
    yield Row(
        "no key, before the body is looked at",
        post(LIVE, b"Zq7marker"),
        401,
        "unauthenticated",
        locked=True,
    )
    yield Row(
        "no key, before the parameters are looked at",
        get(b"/v1/sites/x?y=z"),
        401,
        "unauthenticated",
        locked=True,
    )
    yield Row(
        "a key, and another Host",
        head(b"GET /v1/sites HTTP/1.1", b"Host: a.example", b"X-API-Key: " + key),
        200,
        locked=True,
    )
    yield Row(
        "a slash after a page, and a Host that is none",
        head(b"GET /docs/a/ HTTP/1.1", b"Host: [\xff"),
        404,
        "unknown-path",
        locked=True,
    )


def compressed() -> Iterator[Row]:
    """Bodies that are not sent as they are."""

    def coded(coding: bytes, body: bytes) -> bytes:
        return post(DRY, body, b"Content-Encoding: " + coding)

    def two_members() -> bytes:
        return gzip.compress(READING[:9]) + gzip.compress(READING[9:])

    whole = gzip.compress(READING)
    yield Row("a body in gzip", coded(b"gzip", whole), 200)
    yield Row("a body in gzip of two members", coded(b"X-GZip", two_members()), 200)
    yield Row("a body in half of gzip", coded(b"gzip", whole[:-9]), 400, "bad-request")
    yield Row("a body that is no gzip", coded(b"gzip", READING), 400, "bad-request")
    yield Row("nothing in gzip", coded(b"gzip", b""), 400, "bad-request")
    yield Row("gzip of nothing", coded(b"gzip", gzip.compress(b"")), 400, "not-json")
    yield Row("gzip and rubbish", coded(b"gzip", whole + b"Zq7marker"), 400, "bad-request")
    yield Row("gzip and zeros", coded(b"gzip", whole + bytes(100)), 400, "bad-request")
    yield Row("gzip with a wrong sum", coded(b"gzip", whole[:-8] + bytes(8)), 400, "bad-request")
    yield Row("a fault in gzip", coded(b"gzip", gzip.compress(b"{}")), 422, "invalid-body")
    bomb = gzip.compress(bytes(200_000_000))
    yield Row("a bomb in gzip", coded(b"gzip", bomb), 413, "too-large")
    crumbs = gzip.compress(b"") * 50_000
    yield Row("50,000 empty members of gzip", coded(b"gzip", crumbs), 400, "not-json")
    yield Row(
        "gzip within gzip",
        coded(b"gzip, gzip", gzip.compress(gzip.compress(READING))),
        415,
        "unsupported-media-type",
    )
    yield Row(
        "a body in deflate",
        coded(b"deflate", zlib.compress(READING)),
        415,
        "unsupported-media-type",
    )
    for coding in (
        b"br",
        b"zstd",
        b"gzip;q=1",
        b"identity, gzip",
        b"*",
        b"Zq7marker",
    ):
        yield Row(
            f"Content-Encoding: {coding.decode()}",
            coded(coding, READING),
            415,
            "unsupported-media-type",
        )
    yield Row("Content-Encoding: identity", coded(b"Identity", READING), 200)


GROUPS = (
    request_lines, targets, headers, framing, media_types, encodings, json_syntax, values, shapes,
    states, operators, queries, filters, deletions, instants, keys, compressed,
)  # fmt: skip
ROWS = [row for group in GROUPS for row in group()]


# The test


@pytest.fixture(scope="module", params=PATHS)
def service(mongod: Mongod, request: pytest.FixtureRequest) -> Iterator[WireService]:
    with wire_service(mongod.uri, path=request.param, name=f"hostile_{request.param}") as service:
        yield service


@pytest.fixture(scope="module")
def seeded(service: WireService) -> dict[str, list[bytes]]:
    """What is stored before the first row: the brief's site and its readings."""
    stored = service.stored()
    assert (len(stored["sites"]), len(stored["days"])) == (1, 1)
    return stored


def parametrized(row: Row) -> object:
    marks = [pytest.mark.xfail(reason=row.wrong, raises=AssertionError)] if row.wrong else []
    # xdist reads the scope of a test from what stands before the last `::` of its name.
    name = row.name.encode("ascii", "backslashreplace").decode().replace("::", ":")
    return pytest.param(row, id=name, marks=marks)


def test_the_table_is_long_and_names_each_row_once() -> None:
    assert len(ROWS) >= 140
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", [parametrized(row) for row in ROWS])
def test_a_hostile_request_gets_its_answer_and_stores_nothing(
    row: Row, service: WireService, seeded: dict[str, list[bytes]]
) -> None:
    try:
        answers_as_it_must(row, service)
    finally:
        stored, errors = service.stored(), service.errors()
        if stored != seeded:
            service.restore(seeded)
    assert (stored, errors) == (seeded, [])


def answers_as_it_must(row: Row, service: WireService) -> None:
    pieces = row.sent if isinstance(row.sent, tuple) else (row.sent,)
    with Connection(service.locked_port if row.locked else service.open_port) as connection:
        connection.send(*pieces)
        if row.status is None:
            connection.half_close()
            assert connection.answer() is None
            return
        statuses = row.status if isinstance(row.status, tuple) else (row.status,)
        says = row.says if isinstance(row.says, tuple) else (row.says,) * len(statuses)
        if service.path == "stock" and row.stock_says:
            says = (row.stock_says,)
        method, path = first_line(pieces[0])
        answers = [connection.answer(to_head=lambda: method == "HEAD") for _ in statuses]
        given = [answer for answer in answers if answer is not None]
        expected = [*zip(statuses, says, strict=True)]
        assert [(answer.status, said(answer)) for answer in given] == expected
        assert MARKER not in b"".join(repr(a).encode() for a in given if a.status >= 400)
        assert row.headers.items() <= given[-1].headers.items()
        assert row.holds in given[-1].body
        if len(given) == 1 and SERVED in given[0].headers:
            keeps_the_contract(given[0], method, path)
        if not row.unfinished:
            is_closed_or_in_step(connection)


def said(answer: Answer) -> str | None:
    """The problem of an answer, SERVER when it is not the service's, None for no problem."""
    if SERVED not in answer.headers:
        return SERVER
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return slug(answer) if is_problem and answer.body else None


def is_closed_or_in_step(connection: Connection) -> None:
    connection.send(get(b"/livez", b"X-Request-Id: next"))
    answer = connection.answer()
    assert answer is None or (answer.status, answer.headers["x-request-id"]) == (200, "next")


def first_line(sent: bytes) -> tuple[str, str]:
    method, _, rest = sent.lstrip().partition(b" ")
    target = rest.partition(b" ")[0].decode("latin-1")
    return method.decode("latin-1"), unquote(target.partition("?")[0])

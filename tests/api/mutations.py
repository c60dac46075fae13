"""Requests as bytes, taken apart and changed: the contract's own, the hostile ones, and worse."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from api_service import BUNDLE, KEY

from sitewatt.contract.operations import METHODS, server_path
from sitewatt.contract.schema import resolved

COMPONENTS = BUNDLE["components"]

OTHER_SITES = range(2, 31)
"""Sites that a run may use up, beside the brief's."""

NUMBERS = (
    b"-1", b"-0", b"0", b"1e999", b"1e-999", b"NaN", b"18446744073709551616", b"9" * 400, b"0.1",
    b"100.0000001", b"2147483648", b"01", b"1.", b"0x1", b"-9223372036854775809",
)  # fmt: skip
STRINGS = (
    b'""', b'" "', b'"\\u0000"', b'"\\ud800"', b'"\xff"', b'"\xed\xa0\x80"', b'"$gt"', b'"a.b"',
    b'"__proto__"', b'"2023-02-30T00:00:00Z"', b'"2023-01-01T00:00:00+24:00"', b'"1"', b'"true"',
    b'"\\uD83D\\uDE00"', b'"\xe2\x80\xae"', b'"' + b"a" * 300 + b'"', b"'a'", b'"\n"', b'"\\x"',
)  # fmt: skip
OTHERS = (
    b"null", b"true", b"False", b"[]", b"{}", b"[[]]", b'{"$gt": ""}', b'{"$where": "1"}', b"",
    b"[" * 40 + b"]" * 40, b'{"a":' * 33 + b"1" + b"}" * 33, b"[" * 5000, b"/**/1", b"1 1",
    b'{"a": 1, "a": 2}', b'{"a": 1, "\\u0061": 2}', b"[1,]", b"[" + b"0," * 10_001 + b"0]",
)  # fmt: skip
VALUES = NUMBERS + STRINGS + OTHERS

TEXTS = (
    b"", b"0", b"01", b"+1", b"1_0", b"1.0", b"%31", b"%00", b"%ff", b"%zz", b"%", b"%2f",
    b"%2e%2e", b"..", b"%EF%BC%91", b"%D9%A1", b"a;b", b"$ne", b"%7B%22$gt%22:1%7D", b"null",
    b"2147483648", b"9" * 50, b"a" * 300, b"%0d%0aX:%20y", b"*", b"1,1", b"soc,soc", b"AAAAAAAAAGQ",
    b"true", b"2023-01-01T00:00:00Z", b"2023-01-01T00:00:00+01:00", b"%C0%80", b"\xc3\xa9",
)  # fmt: skip
HEADER_VALUES = (
    b"", b" ", b"0", b"-1", b"5", b"+5", b"5, 5", b"99999999999", b"9" * 30, b"chunked", b"gzip",
    b"gzip, chunked", b"identity", b"\x00", b"\xff\xfe", b"a\tb", b"a\r\n b", b"a\nb: c", b"close",
    b"Upgrade", b"h2c", b"websocket", b"100-continue", b"*", b'"a"', b'W/"a", "b"', b'"',
    b"text/plain", b"application/json; charset=utf-16", b"application/json", b"APPLICATION/JSON;",
    b"localhost", b"elsewhere.example", b"[::1", b"http://localhost", b"null", b"bytes=0-",
    b"a" * 5000, b"Bearer " + KEY.encode(), b"Bearer", b"Basic Og==", KEY.encode(),
)  # fmt: skip
HEADER_NAMES = (
    b"Host", b"Content-Length", b"Transfer-Encoding", b"Content-Type", b"Content-Encoding",
    b"Connection", b"Upgrade", b"Expect", b"If-Match", b"If-None-Match", b"Authorization",
    b"X-API-Key", b"Origin", b"X-Request-Id", b"Forwarded", b"X-Forwarded-For", b"Range", b"Accept",
    b"Accept-Encoding", b"TE", b"Trailer", b"Cookie", b"X-HTTP-Method-Override", b"HTTP2-Settings",
    b"Host ", b" Host", b"", b"\xff",
)  # fmt: skip
VERBS = (
    b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PRI",
    b"get", b"BREW", b"", b"PROPFIND", b"QUERY",
)  # fmt: skip
BYTES = (
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b":",
    b"\x7f",
    b"\xff",
    b"%",
    b"\\",
    b'"',
    b"{",
    b"[",
    b"]",
)


@dataclass(frozen=True)
class Request:
    """A request in parts; a chunked body is in the body as it is sent."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    version: bytes = b"HTTP/1.1"

    def __bytes__(self) -> bytes:
        line = b"%b %b %b\r\n" % (self.method, self.target, self.version)
        return line + b"".join(b"%b: %b\r\n" % h for h in self.headers) + b"\r\n" + self.body

    def with_header(self, name: bytes, value: bytes) -> "Request":
        """The request with this header and no other of its name."""
        others = (h for h in self.headers if h[0].lower() != name.lower())
        return replace(self, headers=(*others, (name, value)))

    def with_body(self, body: bytes) -> "Request":
        """The request with this body and its length."""
        return replace(self, body=body).with_header(b"Content-Length", b"%d" % len(body))


def requests() -> list[Request]:
    """Every operation of the contract with each of its examples, and with all its parameters."""
    return [
        request
        for path, item in BUNDLE["paths"].items()
        for method in METHODS
        if method in item
        for request in _of_operation(server_path(item, BUNDLE) + path, method, item)
    ]


def _of_operation(path: str, method: str, item: Any) -> Iterator[Request]:
    declared = resolved(item[method], COMPONENTS)
    given = resolved(item.get("parameters", []), COMPONENTS) + declared.get("parameters", [])
    words = {kind: {p["name"]: p["example"] for p in given if p["in"] == kind} for kind in _KINDS}
    target = path.format(**words["path"])
    lists = {n: ",".join(v) if isinstance(v, list) else v for n, v in words["query"].items()}
    query = urlencode({n: str(v).lower() if v is True else v for n, v in lists.items()})
    headers = tuple((n.encode(), str(v).encode()) for n, v in words["header"].items())
    for tail in ("", "?" + query) if query else ("",):
        bare = Request(method.upper().encode(), (target + tail).encode(), (_HOST, *headers))
        yield from _with_bodies(bare, declared.get("requestBody"))


_KINDS = ("path", "query", "header")
_HOST = (b"Host", b"localhost")


def _with_bodies(bare: Request, declared: Any) -> Iterator[Request]:
    if declared is None:
        yield bare
        return
    for media_type, content in declared["content"].items():
        typed = bare.with_header(b"Content-Type", media_type.encode())
        for example in content["examples"].values():
            yield typed.with_body(json.dumps(example["value"]).encode())


def mutated(random: Random, corpus: list[Request], hostile: list[bytes]) -> bytes:
    """Bytes to send: a request of the contract changed in some ways, or a hostile one."""
    if random.random() < 0.1:
        return _noise(random, random.choice(hostile), random.randrange(3))
    some = [one for one in corpus if one.body] if random.random() < 0.6 else corpus
    request = _elsewhere(random, random.choice(some))
    if request.body and random.random() < 0.6:
        request = _json(random, request)
    well_framed = random.random() < 0.5
    for _ in range(random.choice((0, 0, 1, 1, 1, 2, 2, 4))):
        request = random.choice(_WITHIN if well_framed else _CHANGES)(random, request)
    sent = bytes(request)
    if well_framed:
        return sent
    if random.random() < 0.1:
        other = bytes(random.choice(corpus))
        sent = random.choice((sent + other, other + sent, _spliced(random, sent, other)))
    return _noise(random, sent, random.choice((0, 0, 0, 0, 1, 3)))


def _elsewhere(random: Random, request: Request) -> Request:
    """The request to another site, for half of them, and for all deletions, which use it up."""
    if request.method != b"DELETE" and random.random() < 0.5:
        return request
    site = b"/sites/%d" % random.choice(OTHER_SITES)
    return replace(request, target=request.target.replace(b"/sites/1", site))


def _noise(random: Random, sent: bytes, times: int) -> bytes:
    for _ in range(times):
        start = random.randrange(len(sent) + 1)
        end = min(len(sent), start + random.choice((0, 1, 1, 4, 40)))
        new = random.choice(
            (b"", b"", random.choice(BYTES), random.randbytes(2), sent[start:end] * 2)
        )
        sent = sent[:start] + new + sent[end:]
    return sent[: random.randrange(len(sent) + 1)] if random.random() < 0.03 else sent


def _spliced(random: Random, one: bytes, other: bytes) -> bytes:
    return one[: random.randrange(len(one))] + other[random.randrange(len(other)) :]


def _method(random: Random, request: Request) -> Request:
    return replace(request, method=random.choice(VERBS))


def _version(random: Random, request: Request) -> Request:
    versions = (b"HTTP/1.0", b"HTTP/1.1", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.2", b"http/1.1", b"")
    return replace(request, version=random.choice(versions))


def _segment(random: Random, request: Request) -> Request:
    path, mark, query = request.target.partition(b"?")
    segments = path.split(b"/")
    place = random.randrange(len(segments))
    new = random.choice((*TEXTS, segments[place] * 2, quote(segments[place]).encode()))
    segments[place : place + random.randrange(2)] = [new]
    return replace(request, target=b"/".join(segments) + mark + query)


def _query(random: Random, request: Request) -> Request:
    path, _, query = request.target.partition(b"?")
    words = query.split(b"&") if query else [b"limit=1"]
    place = random.randrange(len(words))
    name = random.choice((words[place].partition(b"=")[0], b"site_id", b"$where", b"", b"limi%74"))
    new = name + random.choice((b"=", b"=", b"=", b"[$gt]=", b"")) + random.choice(TEXTS)
    words[place : place + random.randrange(2)] = [new]
    return replace(request, target=path + b"?" + random.choice((b"&", b"&", b";")).join(words))


def _encoded(random: Random, request: Request) -> Request:
    """Percent-encode some characters that need not be."""
    some = (
        b"%%%02x" % c if random.random() < 0.2 and c not in b"/?&=" else bytes([c])
        for c in request.target
    )
    return replace(request, target=b"".join(some))


def _absolute(random: Random, request: Request) -> Request:
    before = random.choice(
        (b"http://localhost", b"http://elsewhere.example", b"https://a:b@c", b"/", b"*")
    )
    return replace(request, target=before + request.target)


def _header(random: Random, request: Request) -> Request:
    headers = list(request.headers)
    place = random.randrange(len(headers) + 1)
    old = headers[place : place + 1]
    new = (random.choice(HEADER_NAMES), random.choice(HEADER_VALUES))
    changed = [(name, random.choice(HEADER_VALUES)) for name, _ in old]
    headers[place : place + 1] = random.choice(
        ([], old * 2, [*old, new], [*old, new], changed, changed)
    )
    if random.random() < 0.2:
        random.shuffle(headers)
    return replace(request, headers=tuple(headers))


def _spelling(random: Random, request: Request) -> Request:
    how: Callable[[bytes], bytes] = random.choice((bytes.upper, bytes.lower, bytes.swapcase))
    return replace(request, headers=tuple((how(name), value) for name, value in request.headers))


def _chunked(random: Random, request: Request) -> Request:
    chunks, rest = [], request.body
    while rest:
        size = random.randrange(1, len(rest) + 1)
        told = b"%x" % (size if random.random() < 0.95 else random.choice((0, size + 1, 2**64)))
        extension = random.choice((b"", b"", b"", b";a=b", b' ;a="\r', b";" * 300))
        chunks.append(
            told + extension + b"\r\n" + rest[:size] + random.choice((b"\r\n",) * 20 + (b"\n", b""))
        )
        rest = rest[size:]
    end = random.choice(
        (b"0\r\n\r\n",) * 4
        + (b"0\r\nX-API-Key: a\r\n\r\n", b"0\r\nContent-Length: 1\r\n\r\n", b"", b"00\r\n")
    )
    others = tuple(h for h in request.headers if h[0] != b"Content-Length" or random.random() < 0.1)
    headers = (*others, (b"Transfer-Encoding", b"chunked"))
    return replace(request, headers=headers, body=b"".join(chunks) + end)


def _length(random: Random, request: Request) -> Request:
    size = len(request.body) + random.choice((-2, -1, 1, 2, 2**21, 2**63))
    return request.with_header(b"Content-Length", b"%d" % max(0, size))


def _json(random: Random, request: Request) -> Request:
    """Put a hostile value, or a hostile name, somewhere into a body of JSON."""
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError):
        return request
    mark, new = "Zq7mark", random.choice(VALUES)
    holder: Any = {"": value}
    place: Any = ""
    while holder[place] and isinstance(holder[place], dict | list) and random.random() < 0.8:
        holder = holder[place]
        place = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    whole = holder[place]
    match random.choice(("value", "value", "value", "member", "gone", "twice", "longer")):
        case "gone" if place != "":
            del holder[place]
        case "member" if isinstance(whole, dict):
            whole[
                random.choice(("__proto__", "$set", "a.b", "", "\0", "id", "sites", "dt-stamp"))
            ] = mark
        case "twice" if isinstance(whole, dict) and whole:
            whole[mark] = whole[random.choice(list(whole))]
            new = json.dumps(random.choice(list(whole)[:-1])).encode()
        case "longer" if isinstance(whole, list):
            whole.extend(whole * random.choice((1, 2, 100)))
        case _ if place == "":
            return request.with_body(new)
        case _:
            holder[place] = mark
    body = json.dumps(value, ensure_ascii=random.random() < 0.5)
    return request.with_body(body.encode(errors="surrogatepass").replace(b'"Zq7mark"', new))


def _encoding(random: Random, request: Request) -> Request:
    """The body in another encoding, or not what it says."""
    text = request.body.decode("utf-8", "replace")
    body = random.choice(
        (text.encode("utf-16"), text.encode("utf-8-sig"), b" " * 3_000, b"\0" + request.body, b"")
    )
    return request.with_body(body)


_WITHIN: tuple[Callable[[Random, Request], Request], ...] = (
    _segment, _query, _query, _encoded, _spelling, _json, _json, _json,
)  # fmt: skip
"""What leaves HTTP as it is, and so comes farther."""

_CHANGES: tuple[Callable[[Random, Request], Request], ...] = (
    _method, _version, _segment, _segment, _query, _query, _encoded, _absolute, _header, _header,
    _header, _spelling, _chunked, _chunked, _length, _json, _json, _json, _json, _encoding,
)  # fmt: skip

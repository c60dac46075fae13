"""Requests as bytes, put together by hand: nothing here is mended, and lengths can lie."""

import json

HOST = b"Host: localhost"
JSON = b"Content-Type: application/json"
CHUNKED = b"Transfer-Encoding: chunked"
SITE, SITES = b"/v1/sites/1", b"/v1/sites"
LIVE, CONFIGURATION = SITE + b"/live", SITE + b"/configuration"
DRY = LIVE + b"?dry_run=true"


def head(line: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([line, *headers, b"", b""])


def get(target: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
    return head(b"%b %b HTTP/1.1" % (method, target), HOST, *headers)


def post(target: bytes, body: bytes, *headers: bytes, method: bytes = b"POST") -> bytes:
    return framed(target, body, JSON, b"Content-Length: %d" % len(body), *headers, method=method)


def typed(media_type: bytes, *headers: bytes) -> bytes:
    kind = [b"Content-Type: " + media_type] if media_type else []
    return framed(DRY, READING, *kind, b"Content-Length: %d" % len(READING), *headers)


def framed(target: bytes, body: bytes, *headers: bytes, method: bytes = b"POST") -> bytes:
    """A request whose headers about its body are the row's own."""
    return head(b"%b %b HTTP/1.1" % (method, target), HOST, *headers) + body


def chunked(*lines: bytes) -> bytes:
    return framed(DRY, b"\r\n".join(lines), JSON, CHUNKED)


def chunk(body: bytes, extension: bytes = b"") -> bytes:
    return b"%x%b\r\n%b" % (len(body), extension, body)


# Bodies, as the JSON text of each member


def members(**texts: bytes) -> bytes:
    return b"{%b}" % b", ".join(b'"%b": %b' % (n.encode(), texts[n]) for n in texts)


def reading(**changes: bytes) -> bytes:
    texts = {
        "dt-stamp": b'"2023-01-01T01:00:00Z"', "soc": b"1", "load_kwh": b"1", "net_load_kwh": b"1",
        "pv_notification": b"true", "bio_notification": b"true", "cro_notification": b"true",
    }  # fmt: skip
    return members(**(texts | changes))


def columns(rows: int = 1, **changes: bytes) -> bytes:
    first = {name: [value] * rows for name, value in json.loads(reading()).items()}
    first["dt-stamp"] = [
        f"2023-01-{1 + n // 86400:02}T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z"
        for n in range(rows)
    ]
    texts = {name: json.dumps(column).encode() for name, column in first.items()}
    return members(**(texts | changes))


def site(**changes: bytes) -> bytes:
    texts = {"id": b"77", "name": b'"Zq7marker"', "location": b'"north"', "time_zone": b'"UTC"'}
    return members(**(texts | changes))


def configuration(**changes: bytes) -> bytes:
    texts = {"id": b"1", "battery": battery(), "production": production()}
    return members(**(texts | changes))


def battery(**changes: bytes) -> bytes:
    texts = {"vendor": b'"KATL"', "capacity_kwh": b"1", "max_power_kw": b"1"}
    return members(**(texts | changes))


def production(**changes: bytes) -> bytes:
    texts = {"pv": b'{"units": 1, "kwp": 1}', "bio": b'{"units": 0}', "cro": b'{"units": 0}'}
    return members(**(texts | changes))


READING = reading()
QUOTED = b'"Zq7marker"'
OPERATOR = b'{"$gt": ""}'

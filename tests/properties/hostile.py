"""Requests that no client of good will sends, and those in which two readers may differ."""

import gzip
import json
from collections.abc import Iterator
from itertools import product

from corpus import COMPONENTS, JSON, WITH_KEY, Ask

SITES, LIVE, CONFIGURATION = "/v1/sites", "/v1/sites/1/live", "/v1/sites/1/configuration"
LIST, HISTORY = "/v1/sites?limit=", f"{CONFIGURATION}/revisions"
SITE = b'{"name": "a", "location": "b"}'
READING = json.dumps(
    {name: values[0] for name, values in COMPONENTS["examples"]["brief_live"]["value"].items()}
).encode()
COLUMNS = json.dumps(COMPONENTS["examples"]["brief_live"]["value"]).encode()
BUILT = json.dumps(COMPONENTS["examples"]["brief_configuration"]["value"]).encode()

_GETS = (
    *(f"{LIST}{text}" for text in ("01", "+1", "%2B1", "1_0", "1.0", "1e1", "%201", "1%20", "")),
    *(f"{LIST}{text}" for text in ("%EF%BC%91", "%D9%A1", "0x1", "-1", "0", "1001", "9" * 30)),
    *(f"{LIST}{text}" for text in ("nan", "null", "true", "1&limit=2", "1;limit=2", "%", "%zz")),
    "/v1/sites?limit",
    "/v1/sites?Limit=1",
    "/v1/sites?unknown=1",
    "/v1/sites?=1",
    "/v1/sites?&&limit=1&&",
    "/v1/sites?name=%FF",
    "/v1/sites?name=%00",
    "/v1/sites?name=%ED%A0%80",
    "/v1/sites?name=",
    "/v1/sites?name=%20",
    "/v1/sites?name=a%0A",
    "/v1/sites?name=" + "a" * 201,
    "/v1/sites?cursor=AAAA",
    "/v1/sites?cursor=%3D%3D",
    *(f"/v1/sites/{text}" for text in ("abc", "01", "+1", "1.0", "0", "-1", "1_0", "9" * 30)),
    *(f"/v1/sites/{text}" for text in ("%EF%BC%91", "%D9%A1", "1%0A", "1%00", "", "1/", "1//live")),
    *(f"/v1/sites/{text}" for text in ("%31", "1%2Flive", "..", "../sites", "1;a=b", "999999")),
    *(f"{HISTORY}/{text}" for text in ("0", "a", "01", "2147483648")),
    "/v1//sites",
    "/V1/sites",
    "/v1/Sites",
    "/v1",
    "/v2/sites",
    "/livez/",
    "/livez?a=1",
    "/schemas/",
    "/schemas/a.b",
    "/schemas/Nothing",
    "/problems/Unknown",
    "/problems/not-known",
    "/problems/not%0Aknown",
    f"{LIVE}?columns=soc,soc",
    f"{LIVE}?columns=",
    f"{LIVE}?columns=soc,",
    f"{LIVE}?columns=soc,nothing",
    f"{LIVE}?columns=soc&columns=load_kwh",
    f"{LIVE}?columns=soc%2Cload_kwh",
    f"{LIVE}?from=2023-01-02T00:00:00Z&to=2023-01-01T00:00:00Z",
    f"{LIVE}?from=2023-02-30T00:00:00Z",
    f"{LIVE}?from=2023-01-01T00:00:00+01:00",
    f"{LIVE}?from=2023-01-01T00:00:00%2B01:00",
    f"{LIVE}?from=2023-01-01T00:00:00.5Z",
    f"{LIVE}?from=2023-01-01T00:00:00Z%0A",
    f"{LIVE}?order=ASC",
    f"{CONFIGURATION}?at=now",
)

_BODIES = (
    (SITES, b""),
    (SITES, b" "),
    (SITES, b"null"),
    (SITES, b"true"),
    (SITES, b"[]"),
    (SITES, b"{}"),
    (SITES, b"{"),
    (SITES, b'{"name": "a", "location": "b",}'),
    (SITES, b"\xef\xbb\xbf" + SITE),
    (SITES, SITE + b" x"),
    (SITES, SITE.decode().encode("utf-16")),
    (SITES, SITE.replace(b"a", b"\xff", 1)),
    (SITES, SITE.replace(b'"a"', b'"\\ud800"')),
    (SITES, SITE.replace(b'"a"', b'"\\u0000"')),
    (SITES, SITE.replace(b'"a"', b'"a\\n"')),
    (SITES, SITE.replace(b'"a"', b'"\\ufeff"')),
    (SITES, SITE.replace(b'"a"', b'"\\u0085"')),
    (SITES, SITE.replace(b'"a"', b'"\\u2028"')),
    (SITES, SITE.replace(b'"a"', '"{}"'.format("e\u0301" * 100).encode())),
    (SITES, SITE.replace(b'"a"', '"{}"'.format("\U0001f600" * 200).encode())),
    (SITES, SITE.replace(b'"a"', '"{}"'.format("\U0001f600" * 201).encode())),
    (SITES, b'{"name": "a", "name": "b", "location": "c"}'),
    (SITES, b'{"name": "a", "\\u006eame": "b", "location": "c"}'),
    (SITES, b'{"name": "a", "location": "b", "id": 1.0}'),
    (SITES, b'{"name": "a", "location": "b", "id": 1e0}'),
    (SITES, b'{"name": "a", "location": "b", "id": -0}'),
    (SITES, b'{"name": "a", "location": "b", "id": 01}'),
    (SITES, b'{"name": "a", "location": "b", "id": 18446744073709551616}'),
    (SITES, b'{"name": "a", "location": "b", "id": %s}' % (b"9" * 5000)),
    (SITES, b'{"name": "a", "location": "b", "id": null}'),
    (SITES, b'{"name": "a", "location": "b", "time_zone": "europe/amsterdam"}'),
    (SITES, b'{"name": "a", "location": "b", "time_zone": "UTC\\n"}'),
    (SITES, b'{"sites": []}'),
    (SITES, b'{"sites": [%s], "name": "a"}' % SITE),
    (SITES, b'{"sites": [%s]}' % b",".join([SITE] * 1001)),
    (SITES, b'{"sites": [%s, %s]}' % ((b'{"name": "a", "location": "b", "id": 7}',) * 2)),
    (SITES, b"[" * 33 + b"]" * 33),
    (SITES, b"[" * 100_000),
    (SITES, b'{"a": ' * 5_000 + b"1" + b"}" * 5_000),
    (SITES, SITE + b" " * 2_097_152),
    (SITES, b" " * 2_097_153),
    (LIVE, READING.replace(b'"soc": 0', b'"soc": NaN')),
    (LIVE, READING.replace(b'"soc": 0', b'"soc": Infinity')),
    (LIVE, READING.replace(b'"soc": 0', b'"soc": 1e999')),
    (LIVE, READING.replace(b'"soc": 0', b'"soc": -0.0')),
    (LIVE, READING.replace(b'"soc": 0', b'"soc": 100.00000000000001')),
    (LIVE, READING.replace(b'"soc": 0', b'"soc": "0"')),
    (LIVE, READING.replace(b'"soc": 0', b'"soc": true')),
    (LIVE, READING.replace(b'"soc": 0', b'"soc": 0, "soc": 1')),
    (LIVE, READING.replace(b"2023", b"2105")),
    (LIVE, READING.replace(b"00:00:00", b"24:00:00")),
    (LIVE, READING.replace(b"00:00:00", b"00:00:60")),
    (LIVE, READING.replace(b"00:00:00", b"00:00:00\\n")),
    (LIVE, READING.replace(b"2023-01-01", b"2023-02-30")),
    (LIVE, READING.replace(b"2023", "\u0662\u0660\u0662\u0663".encode())),
    (LIVE, COLUMNS.replace(b"[0, 10, 20]", b"[0, 10]")),
    (LIVE, COLUMNS.replace(b"00:10:00", b"00:00:00")),
    (LIVE, COLUMNS.replace(b"2023-01-01 00:10:00", b"2023-01-01T01:00:00+01:00")),
    (LIVE, COLUMNS.replace(b"2023-01-01 00:10:00", b"2105-01-01 00:00:00")),
    (LIVE, COLUMNS.replace(b"[0, 10, 20]", b"[]")),
    (LIVE, COLUMNS.replace(b"[0, 10, 20]", b"[0, 10, null]")),
    (LIVE, COLUMNS.replace(b"[0, 10, 20]", b"0")),
    (f"{LIVE}?dry_run=yes", READING),
    (f"{LIVE}?dry_run=TRUE", READING),
    (f"{LIVE}?dry_run=1", READING),
    (f"{LIVE}?on_conflict=", READING),
    (CONFIGURATION, BUILT.replace(b'"id": 1', b'"id": 2')),
    (CONFIGURATION, BUILT.replace(b'"units": 1', b'"units": 1.0')),
    (CONFIGURATION, BUILT.replace(b'"units": 1', b'"units": 1e0')),
    (CONFIGURATION, BUILT.replace(b'"units": 1', b'"units": 1.5')),
    (CONFIGURATION, BUILT.replace(b"Tesla", b"TESLA")),
)

_KINDS = (
    None,
    "",
    "json",
    "text/plain",
    "APPLICATION/JSON",
    "Application/Json; Charset=UTF-8",
    "application/json;charset=latin-1",
    "application/json; charset=utf-16",
    "application/json; charset=nothing",
    "application/json;",
    "application/merge-patch+json",
    "application/vnd.api+json",
    "application/json, text/plain",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
)

_KEYS = (
    (),
    (("x-api-key", ""),),
    (("x-api-key", "wrong"),),
    (("authorization", "Bearer " + "k" * 32),),
    (("authorization", "bearer " + "k" * 32),),
    (("authorization", "Bearer"),),
    (("authorization", "Basic " + "k" * 32),),
    (("authorization", "Bearer wrong"), ("x-api-key", "k" * 32)),
    (("x-api-key", "k" * 32), ("x-api-key", "k" * 32)),
)

_GZIP = gzip.compress(READING, mtime=0)

_NEW_KEYS = (
    b'{"scopes": ["read"], "expires_at": "2023-01-01 00:00:00"}',
    b'{"scopes": ["read", "admin"], "sites": [1]}',
    b'{"scopes": ["read", "read"]}',
    b'{"scopes": []}',
    b'{"scopes": ["read"], "sites": [1, 1]}',
    b'{"scopes": ["read"], "label": " "}',
)

_METHODS = ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "POST", "TRACE", "get", "NOTHING")

_ENTITY_TAGS = ("", "*", "0", '"0"', '"0", "1"', 'W/"0"', '"0",', '"' + "0" * 65 + '"', "\xff")


def hostile() -> Iterator[Ask]:
    """Yield every row of the tables as a request; what is not under test in it is right."""
    yield from (Ask("hostile address", "GET", target) for target in _GETS)
    for target, body in _BODIES:
        yield Ask("hostile body", "POST", target, (WITH_KEY, JSON), body)
    for body in _NEW_KEYS:
        yield Ask("hostile new key", "POST", "/v1/keys", (WITH_KEY, JSON), body)
    yield from (Ask("hostile key", "GET", "/v1/sites/1", keys) for keys in _KEYS)
    for method, target in product(_METHODS, ("/livez", SITES, "/v1/sites/999998", "/nothing")):
        yield Ask("hostile method", method, target, (WITH_KEY, JSON), b"{}")
    for tags in _ENTITY_TAGS:
        yield Ask("hostile tag", "GET", "/v1/sites/1", (WITH_KEY, ("if-none-match", tags)))
        headers = (WITH_KEY, JSON, ("if-match", tags))
        yield Ask("hostile tag", "PATCH", "/v1/sites/2", headers, b'{"name": "b"}')
    yield from _hostile_content()
    yield from _twice_wrong()


def _hostile_content() -> Iterator[Ask]:
    for kind, body in product(_KINDS, (READING, b"{}")):
        kinds = () if kind is None else (("content-type", kind),)
        yield Ask("hostile media type", "POST", LIVE, (WITH_KEY, *kinds), body)
    for encoding, body in product(("gzip", "identity", "br", "gzip, identity"), (READING, _GZIP)):
        headers = (WITH_KEY, JSON, ("content-encoding", encoding))
        yield Ask("hostile encoding", "POST", LIVE, headers, body)
    for accepted in ("text/plain", "application/xml, */*;q=0", "*/*", "application/json;q=0"):
        yield Ask("hostile accept", "GET", "/v1/sites/1", (WITH_KEY, ("accept", accepted)))
    for name in ("__proto__", "$where", "name", "a" * 70):
        body = b'{"location": {"%s": 1}, "name": "a"}' % name.encode()
        yield Ask("hostile member", "POST", SITES, (WITH_KEY, JSON), body)


def _twice_wrong() -> Iterator[Ask]:
    """Yield requests with several things wrong at once, of which the first by order is answered."""
    paths = (LIVE, f"{LIVE}?dry_run=maybe", "/v1/sites/x/live", "/v1/sites/999997/live")
    for target, keys, kind, body in product(
        paths,
        ((WITH_KEY,), ()),
        ("application/json", "text/plain"),
        (READING, b"{", b"{}", b" " * 2_097_153),
    ):
        yield Ask("hostile order", "POST", target, (*keys, ("content-type", kind)), body)

"""Where Connexion alone judges otherwise than sitewatt, each as narrow as can be, with its reason.

A difference that is not in this table fails the test, and so does one of the table that is gone.
"""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from corpus import Ask
from judges import Verdict


class Difference(NamedTuple):
    """sitewatt says `ours` of a request and Connexion alone `theirs`; `of` says of which ones.

    `rules` are the only ones that the request breaks, as place and keyword, unless it may break
    `others` as well; none when no fault is named.
    """

    ours: str
    theirs: str
    rules: frozenset[str]
    of: Callable[[Ask], bool]
    reason: str
    others: bool = False

    def explains(self, ask: Ask, ours: Verdict, theirs: Verdict) -> bool:
        """Return whether the table's entry is about this request and these verdicts."""
        words = (ours.word, theirs.word) == (self.ours, self.theirs)
        rules = self.rules <= ours.rules if self.others else self.rules == ours.rules
        return words and rules and self.of(ask)


def _of(
    ours: str,
    theirs: str,
    reason: str,
    *rules: str,
    of: Callable[[Ask], bool] = lambda ask: True,
    others: bool = False,
) -> Difference:
    return Difference(ours, theirs, frozenset(rules), of, reason, others)


def _body_has(pattern: bytes) -> Callable[[Ask], bool]:
    return lambda ask: re.search(pattern, ask.body) is not None


def _query_has(pattern: str) -> Callable[[Ask], bool]:
    return lambda ask: re.search(pattern, ask.target.partition("?")[2]) is not None


def _path_ends(pattern: str) -> Callable[[Ask], bool]:
    return lambda ask: re.search(f"{pattern}$", ask.target.partition("?")[0]) is not None


def _header(ask: Ask, name: str) -> str | None:
    return ", ".join(value for given, value in ask.headers if given == name) or None


def _has_charset(ask: Ask) -> bool:
    return "charset" in (_header(ask, "content-type") or "")


def _in_capitals(ask: Ask) -> bool:
    kind = (_header(ask, "content-type") or "").partition(";")[0]
    return kind != kind.lower()


def _names_twice(ask: Ask) -> bool:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(len(pairs) - len(dict(pairs)) for _ in [0])
        return dict(pairs)

    found: list[int] = []
    json.loads(ask.body, object_pairs_hook=once)
    return any(found)


def _is_utf8(ask: Ask) -> bool:
    try:
        ask.body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_no_id(ask: Ask) -> bool:
    segments = ask.target.partition("?")[0].split("/")
    return segments[1:3] == ["v1", "sites"] and not segments[3].isdigit()


def _has_no_key(ask: Ask) -> bool:
    return _header(ask, "x-api-key") is None and _header(ask, "authorization") is None


_ORDER = "the first fault answers, and Connexion looks in another order"
_WORD = "our own vocabulary is ours: Connexion knows nothing of "
_AN_INT = "Connexion reads integers with Python's int()"
_NO_500 = "an exception in Connexion's reading of the body is its 500"

DIFFERENCES = (
    # Methods and addresses
    _of(
        "accepted", "method", "Connexion answers no OPTIONS", of=lambda ask: ask.method == "OPTIONS"
    ),
    _of("path", "accepted", "Starlette leads on to the path without the slash", of=_path_ends("/")),
    _of(
        "contract",
        "path",
        "for Connexion's router a path whose integer is none is another path: 404, not 400",
        "path type",
        others=True,
    ),
    _of(
        "contract",
        "path",
        "Starlette matches a mounted path by `.*`, and so none with a line feed",
        "path pattern",
        of=lambda ask: "%0A" in ask.target.partition("?")[0],
    ),
    *(
        _of("contract", "accepted", _AN_INT, "path type", of=_path_ends(f"/{spelling}"))
        for spelling in ("0[0-9]+", "[+][0-9]+")
    ),
    _of(
        "accepted",
        "contract",
        "strict Connexion takes form data for a body, also where there is none to read",
        of=lambda ask: not ask.body and "form" in (_header(ask, "content-type") or ""),
    ),
    # Several faults at once: sitewatt looks at size, media type, key, parameters, then the body;
    # Connexion at the path with its parameters, key, other parameters, media type, then the body
    *(_of(ours, "path", _ORDER, of=_has_no_id) for ours in ("size", "media type", "key")),
    *(_of(ours, "key", _ORDER, of=_has_no_key) for ours in ("size", "media type")),
    _of("size", "media type", _ORDER, of=lambda ask: _header(ask, "content-type") == "text/plain"),
    _of("media type", "contract", _ORDER, of=_query_has("dry_run=maybe")),
    # Parameters
    *(
        _of("contract", "accepted", _AN_INT, "query type", of=_query_has(f"limit={spelling}$"))
        for spelling in (
            "0[0-9]+",
            r"(\+|%2B)[0-9]+",
            "[0-9]_[0-9]",
            "%20[0-9]",
            "[0-9]%20",
            "%EF%BC%91",
            "%D9%A1",
        )
    ),
    _of(
        "contract",
        "accepted",
        "Connexion reads a boolean in any case",
        "query type",
        of=_query_has(r"(?i)dry_run=(true|false)"),
    ),
    _of("contract", "accepted", "Connexion takes the last or joins them", "query repeated"),
    _of("contract", "accepted", "Starlette replaces what is not UTF-8", "query encoding"),
    _of("contract", "accepted", "a cursor is read by the handler", "query cursor"),
    _of("contract", "accepted", f"{_WORD}x-before", "query x-before"),
    _of("contract", "accepted", f"{_WORD}x-media-type", "query x-media-type", others=True),
    _of(
        "contract",
        "accepted",
        "Python's `$` matches before a line feed at the end, which ECMA 262's does not",
        "query pattern",
        of=_query_has("%0A"),
    ),
    # Keys
    _of(
        "key",
        "accepted",
        "Connexion tries every way to bring a key, sitewatt the first that is there",
        of=lambda ask: _header(ask, "authorization") == "Bearer wrong",
    ),
    _of(
        "key",
        "accepted",
        "a header that comes twice is a list (RFC 9110, 5.3), of which Starlette takes the first",
        of=lambda ask: "," in (_header(ask, "x-api-key") or ""),
    ),
    # Size, media type, encoding
    *(
        _of(
            "size",
            theirs,
            "Connexion has no limit of a body's size",
            of=lambda ask: len(ask.body) > 2 * 1024 * 1024,
        )
        for theirs in ("accepted", "contract")
    ),
    *(
        _of("media type", theirs, reason, of=of)
        for theirs in ("accepted", "contract")
        for reason, of in (
            (
                "without Content-Type Connexion takes the contract's own",
                lambda ask: _header(ask, "content-type") is None,
            ),
            ("Connexion decodes by any charset that Python knows", _has_charset),
        )
    ),
    *(
        _of(
            ours,
            theirs,
            "Connexion does not look at Content-Encoding",
            of=lambda ask: _header(ask, "content-encoding") is not None,
        )
        for ours, theirs in (
            ("accepted", "crash"),
            ("contract", "accepted"),
            ("media type", "accepted"),
            ("media type", "crash"),
        )
    ),
    _of(
        "reply",
        "accepted",
        "Connexion does not look at Accept",
        of=lambda ask: _header(ask, "accept") is not None,
    ),
    _of(
        "contract",
        "accepted",
        "Connexion validates no body whose media type is not spelt as in the contract",
        "body required",
        of=_in_capitals,
    ),
    _of(
        "accepted",
        "contract",
        "Connexion looks at a Content-Type where the operation has no body",
        of=lambda ask: ask.method in ("GET", "DELETE"),
    ),
    # Bodies that are not JSON
    _of(
        "contract",
        "accepted",
        "Python's json reads NaN and Infinity",
        "body json",
        of=_body_has(rb"\b(NaN|Infinity)\b"),
    ),
    _of(
        "contract",
        "accepted",
        "Python's json reads lone surrogates",
        "body json",
        of=_body_has(rb"\\ud[89a-f]"),
    ),
    _of("contract", "accepted", "Python's json keeps the last", "body json", of=_names_twice),
    _of(
        "contract", "crash", f"{_NO_500}: not UTF-8", "body json", of=lambda ask: not _is_utf8(ask)
    ),
    _of(
        "contract",
        "crash",
        f"{_NO_500}: nested too deep for Python",
        "body json",
        of=_body_has(rb'^(\[|\{"a": ){1000}'),
    ),
    _of(
        "contract",
        "crash",
        f"{_NO_500}: too many digits for Python's int",
        "body json",
        of=_body_has(rb"[0-9]{4301}"),
    ),
    # Bodies that are
    _of(
        "accepted",
        "contract",
        "in draft 4, which Connexion judges by, `1.0` is no integer; in 2020-12 it is one",
        of=_body_has(rb'"(id|units|revision)": [0-9]+(\.0+|[eE][+]?[0-9]+)\b'),
    ),
    _of(
        "contract",
        "accepted",
        "Python's `$` matches before a line feed at the end, which ECMA 262's does not",
        "body pattern",
        of=_body_has(rb'\\n"'),
    ),
    _of(
        "contract",
        "accepted",
        "ECMA 262's `\\s` has U+FEFF, and Python's has not",
        "body pattern",
        of=_body_has(rb"\\ufeff|\xef\xbb\xbf"),
    ),
    *(
        _of("contract", "accepted", _WORD + word, f"body {word}")
        for word in (
            "x-equal-length",
            "x-unique-instants",
            "x-not-after-now",
            "x-equals-parameter",
            "x-unique-by",
            "x-after-now",
            "x-not-together",
        )
    ),
)

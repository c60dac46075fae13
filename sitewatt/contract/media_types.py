"""Media types as requests spell them, of their bodies and of what they take for an answer.

RFC 9110, sections 8.3 and 12.5.1.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from sitewatt.contract.preferences import LONGEST, preferences


class MediaTypeNotTaken(Exception):
    """The operation does not take a body of this media type.

    `taken` are those it takes, `header` is the one in which to say so (RFC 5789, RFC 9110).
    """

    def __init__(self, method: str, taken: tuple[str, ...]) -> None:
        super().__init__(", ".join(taken))
        self.taken = taken
        self.header = "Accept-Patch" if method == "PATCH" else "Accept-Post"


def essence(content_type: str | None) -> str | None:
    """Return type and subtype in lower case, without parameters; None for none.

    A charset other than UTF-8 makes it None: JSON has no other (RFC 8259, section 8.1).
    """
    if content_type is None or len(content_type) > _LONGEST:
        return None
    return _essence(content_type)


_LONGEST = 200
"""No longer text is read, or remembered."""


@lru_cache(maxsize=1024)
def _essence(content_type: str) -> str | None:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset=")]
    return kind if all(charset in ("utf-8", "utf8") for charset in charsets) else None


class NotAcceptable(Exception):
    """The client takes none of the media types of the operation's answers, which are `offered`."""

    def __init__(self, offered: tuple[str, ...]) -> None:
        super().__init__(", ".join(offered))
        self.offered = offered


def preferred(accept: str, offered: tuple[str, ...]) -> str | None:
    """Return which of the media types an Accept header likes best, None when it takes none.

    That is the one of most weight; of several the one that is named most narrowly, then the one
    offered first. A header that is empty takes all.
    """
    return offered[0] if len(accept) > LONGEST else _preferred(accept, offered)


@lru_cache(maxsize=1024)
def _preferred(accept: str, offered: tuple[str, ...]) -> str | None:
    weights = {
        range_: weight
        for range_, weight in preferences(accept).items()
        if "/" in range_ or range_ == "*"
    }
    if not weights:
        return offered[0]
    liked = {media_type: _liking(media_type, weights) for media_type in offered}
    best = max(offered, key=liked.__getitem__)
    return best if liked[best] > _REFUSED else None


def _liking(media_type: str, weights: Mapping[str, float]) -> tuple[float, int]:
    """Return the weight of the narrowest range that covers the media type, and how narrow it is."""
    for width, range_ in enumerate(_ranges(media_type)):
        if range_ in weights:
            return (weights[range_], -width) if weights[range_] else _REFUSED
    return _REFUSED


_REFUSED = (0.0, 0)


def _ranges(media_type: str) -> Iterator[str]:
    """Yield the media ranges that cover the media type, as many for each, the narrowest first.

    Who takes JSON takes what is written in it (RFC 6839, section 3.1).
    """
    kind = media_type.partition("/")[0]
    yield media_type
    yield "application/json" if media_type.endswith("+json") else media_type
    yield from (f"{kind}/*", "*/*", "*")

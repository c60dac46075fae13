"""Media types as requests spell them (RFC 9110, section 8.3)."""

from functools import lru_cache


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

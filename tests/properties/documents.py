"""Documents that nearly keep a schema: right but for a value or two, and at the limits of it."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from fitting import BUNDLE

from sitewatt.contract.schema import resolved

_COMPONENTS = BUNDLE["components"]

_NUMBERS = (
    *(-0.0, 0, 1, 1.0, 1e0, -1, True, False, 0.5, 1e-7, 5e-324, -5e-324, 1e308, -1e308),
    *(2**31 - 1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64 - 1, 2**64, 10**30),
    *(float(2**63), float(2**64), 99999999999999999999.0, 0.1 + 0.2, 1e16, 1e22, 123456789.0),
)

_JUNK = (
    *(None, True, False, "", "0", "true", "null", [], {}, [[]], [None], [1, 1.0, True], [0, -0.0]),
    *({"": 0}, {"$ref": "#"}, [{}, {}], ["soc", "soc"], "\n", "\u0000", "\ufeff"),
)

_ODD = (
    *("\n", "\r", "\t", " ", "\u0000", "\u001f", "\u007f", "\u0080", "\u0085", "\u00a0", "\u00ad"),
    *("\u1680", "\u180e", "\u2003", "\u200b", "\u2028", "\u2029", "\u202f", "\u3000", "\ufeff"),
    *("\u0301", "e\u0301", "\u00e9", "\u0661", "\uff11", "\u212a", "\u017f", "\u0130", "\u00df"),
    *("\U0001f600", "\U0010ffff", "\ue000", "\ufffd", "\ufffe", "$", "^", "\\", "/", "~", '"', "%"),
    *("0", "9", "a", "Z", "-", "+", ".", ":", "T", "z", "_", ",", "*", "W/"),
)

_INSTANTS = (
    *("2023-01-01 00:00:00", "2023-01-01T00:00:00Z", "2024-02-29t23:59:59z"),
    *("2023-01-01T00:00:00.000Z", "2023-01-01 01:00:00+01:00", "2105-12-31T23:59:59Z"),
    *("2000-02-29 00:00:00", "1970-01-01T00:00:00Z", "2023-01-01 00:00:00." + "0" * 20),
    *("2023-01-01T00:00:00.0000+05:30", "2023-01-01T00:00:00-00:00"),
)
_NO_INSTANTS = (
    *("2105-12-31T23:59:59-23:59", "1970-01-01 00:00:00+00:01", "2105-12-31 23:59:59-00:01"),
    *("2023-02-29 00:00:00", "2100-02-29 00:00:00", "2023-04-31 00:00:00", "2106-01-01 00:00:00"),
    *("2023-01-01 24:00:00", "2023-01-01 23:59:60", "2023-01-01 00:00:00.", "2023-01-01T00:00+00"),
    *("2023-01-01T00:00:00+24:00", "2023-01-01  00:00:00", "2023-01-01 00:00:00.1"),
)
_ZONES = ("UTC", "Europe/Amsterdam", "America/Argentina/Buenos_Aires", "Etc/GMT+14", "EST5EDT")
_NO_ZONES = (
    *("utc", "Europe/amsterdam", "Europe", "Mars/Olympus", "posix/UTC", "Europe/", "/UTC"),
    *("A" * 64, "A" * 65, "GMT 0"),
)
_OF_FORMAT = {"instant": _INSTANTS, "time-zone": _ZONES}
_NOT_OF_FORMAT = {"instant": _NO_INSTANTS, "time-zone": _NO_ZONES}
_TEXTS = (
    *("a", "north", "Willo Woods", "/problems/unknown-site", "AAAAAAAAAGQ", "0.1.0", "/soc/1"),
    *('"5d41402abc4b2a76"', 'W/"0", "1"', "*", "Site", "unknown-site", "~0/~1", "a b", "x-y"),
)
_WHOLE = re.compile(r"(?<=[ \[])(-?[0-9]{1,9})(\.0)?(?=[,}\]])")
"""Numbers that are whole, as JSON has them among others; not those within a string with a space."""


_LONGEST = 2 * 1024 * 1024
"""A stream may be much longer than any text that is made here."""


def schemas() -> Mapping[str, Any]:
    """Return every schema of a body, of a reply and of a parameter, by its name."""
    found = {name: resolved(s, _COMPONENTS) for name, s in _COMPONENTS["schemas"].items()}
    for name, parameter in _COMPONENTS["parameters"].items():
        found[f"parameter {name}"] = resolved(parameter["schema"], _COMPONENTS)
    return found


def documents(schema: Mapping[str, Any], random: Random) -> Iterator[str]:
    """Yield JSON texts, without end, that keep the schema or nearly do."""
    near = NearValues(random)
    while True:
        near.faults = random.choice((0, 0, 1, 1, 2, 3))
        yield _written(near.value(schema), random)


def _written(value: Any, random: Random) -> str:
    """Return the value as JSON, in one of the ways to spell characters and numbers."""
    text = json.dumps(value, ensure_ascii=random.random() < 0.5, allow_nan=False)
    if random.random() < 0.1:
        text = _WHOLE.sub(r"\1e0", text)
    return text


class NearValues:
    """Makes values of schemas; `faults` is how many may still be put in."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.faults = 0
        self._kinds: Mapping[str, Callable[[Any], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._number,
            "number": self._number,
            "boolean": lambda schema: random.random() < 0.5,
        }

    def value(self, schema: Mapping[str, Any]) -> Any:
        """Return a value of the schema, or with a fault something else."""
        if "oneOf" in schema:
            schema = self._random.choice(schema["oneOf"])
        if self._fault(0.04):
            return self._random.choice(_JUNK + _NUMBERS)
        return self._kinds[schema["type"]](schema)

    def _fault(self, chance: float) -> bool:
        """Return whether to do something wrong here, and count it."""
        if self.faults and self._random.random() < chance:
            self.faults -= 1
            return True
        return False

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        members, required = schema.get("properties", {}), schema.get("required", ())
        chosen = [name for name in members if name in required or self._random.random() < 0.5]
        if chosen and self._fault(0.15):
            chosen.remove(self._random.choice(chosen))
        same = self._random.randint(0, 3) if "x-equal-length" in schema else None
        made = {}
        for name in chosen:
            made[name] = self.value(members[name])
            if same is not None and isinstance(made[name], list) and not self._fault(0.05):
                made[name] = [self.value(members[name]["items"]) for _ in range(same)]
        if self._fault(0.15):
            made[self._random.choice(["x", "", "Soc", "id", "null", *members])] = self._any()
        return made

    def _array(self, schema: Mapping[str, Any]) -> list[Any]:
        least, most = schema.get("minItems", 0), min(schema.get("maxItems", 9), 3)
        made = [self.value(schema["items"]) for _ in range(self._random.randint(least, most))]
        if made and self._fault(0.2):
            made += self._random.choice([made, made[:1], [self._any()], made[:1] * 9])
        return [] if self._fault(0.05) else made

    def _any(self) -> Any:
        return self._random.choice(_JUNK + _NUMBERS)

    def _number(self, schema: Mapping[str, Any]) -> Any:
        least, most = schema.get("minimum", 0), schema.get("maximum", 100)
        if self._fault(0.2):
            beyond = (least - 1, most + 1, math.nextafter(least, -1), math.nextafter(most, 1e99))
            return self._random.choice((*beyond, *_NUMBERS, least + 0.5, most - 0.5))
        inside = (least, most, float(least), float(most), (least + most) // 2, least + 1)
        if schema["type"] == "number":
            inside += (self._random.uniform(least, most), math.nextafter(most, least))
        return self._random.choice(inside)

    def _string(self, schema: Mapping[str, Any]) -> str:
        of_format, name = schema.get("format") in _OF_FORMAT, schema.get("format", "")
        if of_format and self._fault(0.2):
            return self._random.choice(_NOT_OF_FORMAT[name])
        known = schema.get("enum") or _OF_FORMAT.get(name) or (schema.get("example"), *_TEXTS)
        if "example" in schema and self._random.random() < 0.5:
            known = (schema["example"],)
        text: str = self._random.choice([word for word in known if word is not None])
        if "enum" not in schema and not of_format and self._random.random() < 0.2:
            text = self._as_long(schema)
        return self._altered(text) if self._fault(0.25) else text

    def _as_long(self, schema: Mapping[str, Any]) -> str:
        """Return a text about as long as it may be, in characters that take up to four bytes."""
        least, most = schema.get("minLength", 0), min(schema.get("maxLength", 40), _LONGEST)
        unit = self._random.choice(("a", "\u00e9", "e\u0301", "\U0001f600", "\u0301"))
        length = self._random.choice((least, least + 1, most - 1, most, most + bool(self.faults)))
        return (unit * length)[:length]

    def _altered(self, text: str) -> str:
        """Return the text with a character more, less or exchanged."""
        at, odd = self._random.randint(0, len(text)), self._random.choice(_ODD)
        rest = text[at + self._random.randint(0, 1) :]
        within = text[:at] + odd + rest
        return self._random.choice(
            (text + odd, odd + text, within, text[:at] + rest, text.swapcase())
        )

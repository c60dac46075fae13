"""JSON read and written, as a day of readings by column."""

import json

import orjson

from bench.choices.timing import ABSENT, installed, microseconds, named
from bench.common.tables import table
from bench.http.corpus import day


def report() -> str:
    """Return the table: us to read and to write 144 rows, by library."""
    document = day()
    text = orjson.dumps(document)
    reading = {"json": lambda: json.loads(text), "orjson": lambda: orjson.loads(text)}
    writing = {
        "json": lambda: json.dumps(document, separators=(",", ":")).encode(),
        "orjson": lambda: orjson.dumps(document),
    }
    if msgspec := installed("msgspec"):
        reading["msgspec"] = lambda: msgspec.json.decode(text)
        writing["msgspec"] = lambda: msgspec.json.encode(document)
    read, written = microseconds(reading), microseconds(writing)
    names = {"json": "json of Python", "orjson": named("orjson"), "msgspec": named("msgspec")}
    rows = [
        [shown, *(f"{figures[of]:.1f}" if of in figures else ABSENT for figures in (read, written))]
        for of, shown in names.items()
    ]
    return table([f"us of CPU, 144 rows of {len(text):,} bytes", "to read", "to write"], rows)

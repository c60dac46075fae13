"""jsonschema-rs, which judges in the service, and jsonschema, the reference, are of one mind.

FUZZ_DOCUMENTS says how many documents they are asked about, FUZZ_SEEDS by which seeds.
"""

import json
import math
import os
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from random import Random

import pytest
from documents import documents, schemas
from figures import note
from reference import KNOWN, Judges, explained
from running import SEEDS

DOCUMENTS = math.ceil(int(os.environ.get("FUZZ_DOCUMENTS", "3000")) / len(SEEDS))

SCHEMAS = schemas()
JUDGES = {name: Judges(schema) for name, schema in SCHEMAS.items()}
BODIES = ("NewSiteOrSites", "SitePatch", "NewConfiguration", "ReadingOrColumns")

FIXED = (
    ("SiteName", '"a\\n"'),
    ("SiteName", '"\\ufeff"'),
    ("SchemaDocument", '{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "%"}'),
)
"""A document for each of the known differences, so that none can go unnoticed."""


def drawn(seed: int) -> Iterator[tuple[str, str]]:
    """Yield the name of a schema and a text that nearly keeps it, without end."""
    random = Random(seed)
    made = {name: documents(schema, random) for name, schema in SCHEMAS.items()}
    # Bodies have the most to get wrong; a boolean has soon been seen in all its forms.
    weights = [len(json.dumps(SCHEMAS[name])) * (9 if name in BODIES else 1) for name in made]
    while True:
        for name in random.choices([*made], weights, k=1_000):
            yield name, next(made[name])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_verdicts_of_both_agree_on_every_document(seed: int) -> None:
    started, seen, known = time.monotonic(), set[tuple[str, str]](), set[int]()
    counted: Counter[str] = Counter()
    for name, text in chain(FIXED, drawn(seed)):
        verdicts = JUDGES[name].verdicts(text)
        if verdicts is None or (name, text) in seen:
            continue
        seen.add((name, text))
        counted["accepted" if verdicts.rust else "refused"] += 1
        if verdicts.rust != verdicts.reference:
            found = explained(text, verdicts)
            assert found, f"{name}: {text!a}: {verdicts}"
            known |= found
            counted["differ as listed"] += 1
        if len(seen) == DOCUMENTS:
            break
    words = ", ".join(f"{number:,} {word}" for word, number in sorted(counted.items()))
    took = time.monotonic() - started
    note(f"two validators, seed {seed}: {len(seen):,} documents ({words}), {took:.0f} s")
    assert known == set(range(len(KNOWN)))
    assert min(counted["accepted"], counted["refused"]) > DOCUMENTS / 5

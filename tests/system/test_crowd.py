"""Memory is bounded, however many large bodies come at once. The long form: crowd.py."""

from crowd import survive

GROWTH_MB = 260
"""What a hundred clients at once may add. It was 190 with the bound on bodies, 330 without."""


def test_a_crowd_with_large_bodies_takes_no_more_memory_than_it_may() -> None:
    told: list[str] = []
    seen = survive(100, told.append)
    first = float(told[0].split()[2])
    allowed = {
        "10,000 rows": {200, 201, 503},
        "10,000 rows in gzip": {200, 503},
        "2 MiB of spaces": {400, 503},
        "700,000 empty objects": {422, 503},
        "a bomb in gzip": {413, 503},
    }
    for name, (statuses, most) in seen.items():
        assert statuses.keys() <= allowed[name], (name, statuses)
        assert most - first < GROWTH_MB, (name, told)
    assert seen["2 MiB of spaces"][0][503], told

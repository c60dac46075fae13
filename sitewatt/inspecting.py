"""What `sitewatt check --store` prints: a line a finding, then what the store holds."""

from collections import Counter
from collections.abc import Iterator

from storage import Census, Store

SHOWN = 20
"""How many findings of a kind have a line of their own."""


async def inspect(store: Store) -> bool:
    """Inspect the store, print what is found as it is found, and return whether nothing is wrong.

    Raises NewerStore and Unavailable.
    """
    inspection = store.inspection()
    kinds: Counter[tuple[str, bool]] = Counter()
    async for finding in inspection.findings():
        kinds[finding.kind, finding.wrong] += 1
        if kinds[finding.kind, finding.wrong] <= SHOWN:
            print(f"{'wrong' if finding.wrong else 'note'}: {finding.text}")
    for line in (*_not_shown(kinds), *_census(inspection.census), _verdict(kinds)):
        print(line)
    return not any(wrong for _, wrong in kinds)


def _not_shown(kinds: Counter[tuple[str, bool]]) -> Iterator[str]:
    for (kind, wrong), number in kinds.items():
        if number > SHOWN:
            yield f"{'wrong' if wrong else 'note'}: {number - SHOWN:,} more like these: {kind}"


def _census(census: Census) -> Iterator[str]:
    yield f"sites: {census.sites:,}, deleted and not purged yet: {census.deleted:,}"
    old = census.unsealed_readings
    yield f"readings in live: {census.live_readings:,}, of days that can be sealed: {old:,}"
    yield f"settled days: {census.days:,}, readings in them: {census.settled_readings:,}"


def _verdict(kinds: Counter[tuple[str, bool]]) -> str:
    wrong = sum(number for (_, wrong), number in kinds.items() if wrong)
    notes = sum(kinds.values()) - wrong
    noted = f", {notes:,} to note" if notes else ""
    return f"found: {f'{wrong:,} wrong' if wrong else 'nothing wrong'}{noted}"

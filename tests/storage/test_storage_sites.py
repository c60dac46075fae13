import asyncio

import pytest

from storage import (
    Creation,
    NewSite,
    NoIdsLeft,
    Site,
    SitePage,
    SitesExist,
    Store,
    UnknownSite,
)

NOW = 1_700_000_000
WILLO: NewSite = {"id": 1, "name": "Willo Woods", "location": "north"}
STORED: Site = {"id": 1, "name": "Willo Woods", "location": "north", "time_zone": "UTC"}


def agree(_: Site) -> None:
    """A guard that refuses nothing."""


async def everything(store: Store) -> list[Site]:
    return (await store.sites.list(location=None, name=None, limit=1_000, after=None)).sites


async def test_create_stores_the_site_with_its_default_time_zone(store: Store) -> None:
    assert await store.sites.create([WILLO]) == Creation([STORED], created=True)
    assert await store.sites.get(1) == STORED


async def test_create_of_the_same_site_again_is_no_change(store: Store) -> None:
    await store.sites.create([WILLO])
    assert await store.sites.create([WILLO]) == Creation([STORED], created=False)


@pytest.mark.parametrize("member", ["name", "location", "time_zone"])
async def test_create_with_other_content_is_refused_and_changes_nothing(
    store: Store, member: str
) -> None:
    await store.sites.create([WILLO])
    with pytest.raises(SitesExist) as refusal:
        await store.sites.create([{**WILLO, member: "Europe/Paris"}])  # type: ignore[typeddict-item]
    assert refusal.value.site_ids == [1]
    assert await everything(store) == [STORED]


async def test_create_of_a_mixed_list_adds_what_is_new_in_the_order_asked(store: Store) -> None:
    await store.sites.create([WILLO])
    other: NewSite = {"id": 9, "name": "Nine", "location": "south", "time_zone": "Asia/Tokyo"}
    creation = await store.sites.create([other, WILLO])
    assert creation == Creation([{**other, "time_zone": "Asia/Tokyo"}, STORED], created=True)
    assert await store.sites.create([other, WILLO]) == Creation(creation.sites, created=False)


async def test_create_of_a_list_with_clashes_names_them_all_and_creates_none(store: Store) -> None:
    await store.sites.create([{**WILLO, "id": site_id} for site_id in (1, 2, 3)])
    clashing: list[NewSite] = [{**WILLO, "id": site_id, "name": "New"} for site_id in (5, 3, 1)]
    with pytest.raises(SitesExist) as refusal:
        await store.sites.create([*clashing, {**WILLO, "id": 2}])
    assert refusal.value.site_ids == [1, 3]
    assert [site["id"] for site in await everything(store)] == [1, 2, 3]


async def test_create_gives_ids_past_those_in_use_and_wastes_none(store: Store) -> None:
    await store.sites.create([{**WILLO, "id": site_id} for site_id in (1, 2, 3, 5)])
    unnamed: NewSite = {"name": "Any", "location": "north"}
    assert (await store.sites.create([unnamed])).sites[0]["id"] == 4
    assert (await store.sites.create([unnamed])).sites[0]["id"] == 6


async def test_create_gives_no_id_that_the_same_list_names(store: Store) -> None:
    unnamed: NewSite = {"name": "Any", "location": "north"}
    creation = await store.sites.create([unnamed, {**WILLO, "id": 2}, unnamed, unnamed])
    assert [site["id"] for site in creation.sites] == [1, 2, 3, 4]


async def test_create_skips_a_long_run_of_ids_in_use_quickly(store: Store) -> None:
    await store.sites.create([{**WILLO, "id": site_id} for site_id in range(1, 2_201)])
    creation = await store.sites.create([{"name": "Any", "location": "north"}])
    assert creation.sites[0]["id"] == 2_201


async def test_create_is_refused_when_no_id_is_left(store: Store) -> None:
    await store.sites.database.counters.insert_one({"_id": "sites", "last": 2**31 - 2})
    unnamed: NewSite = {"name": "Any", "location": "north"}
    assert (await store.sites.create([unnamed])).sites[0]["id"] == 2**31 - 1
    with pytest.raises(NoIdsLeft):
        await store.sites.create([unnamed])


async def test_fifty_concurrent_creations_get_fifty_ids(store: Store) -> None:
    await store.sites.create([{**WILLO, "id": site_id} for site_id in range(5, 25)])
    unnamed: NewSite = {"name": "Any", "location": "north"}
    creations = await asyncio.gather(*(store.sites.create([unnamed]) for _ in range(50)))
    ids = {creation.sites[0]["id"] for creation in creations}
    assert len(ids) == 50
    assert ids.isdisjoint(range(5, 25))


async def test_of_concurrent_creations_of_one_site_exactly_one_creates(store: Store) -> None:
    creations = await asyncio.gather(*(store.sites.create([WILLO]) for _ in range(20)))
    assert sum(creation.created for creation in creations) == 1


async def test_concurrent_lists_that_overlap_are_each_created_whole_or_not_at_all(
    real_store: Store,
) -> None:
    async def create(number: int) -> bool:
        sites: list[NewSite] = [
            {"id": number + i, "name": f"By {number}", "location": "north"} for i in range(3)
        ]
        try:
            return (await real_store.sites.create(sites)).created
        except SitesExist:
            return False

    created = await asyncio.gather(*(create(number) for number in range(1, 31)))
    names = [site["name"] for site in await everything(real_store)]
    winners = [f"By {number}" for number, won in enumerate(created, 1) if won]
    assert winners
    assert sorted(names) == sorted(winners * 3)


async def test_concurrent_creations_of_the_same_list_all_succeed_and_one_creates(
    real_store: Store,
) -> None:
    sites: list[NewSite] = [{**WILLO, "id": site_id} for site_id in range(1, 6)]
    creations = await asyncio.gather(*(real_store.sites.create(sites) for _ in range(20)))
    assert sum(creation.created for creation in creations) == 1


async def test_get_of_an_unknown_site_is_refused(store: Store) -> None:
    with pytest.raises(UnknownSite):
        await store.sites.get(1)


async def test_list_is_in_the_order_of_ids_and_in_pages(store: Store) -> None:
    await store.sites.create([{**WILLO, "id": site_id} for site_id in (7, 3, 5, 1)])

    async def page(limit: int, after: int | None) -> tuple[list[int], int | None]:
        found = await store.sites.list(location=None, name=None, limit=limit, after=after)
        return [site["id"] for site in found.sites], found.next

    assert await page(2, None) == ([1, 3], 3)
    assert await page(2, 3) == ([5, 7], None)
    assert await page(2, 7) == ([], None)
    assert await page(4, None) == ([1, 3, 5, 7], None)


async def test_list_by_location_and_name_gives_only_those(store: Store) -> None:
    places = [("a", "north"), ("b", "north"), ("a", "south"), ("a", "north")]
    await store.sites.create([{"name": name, "location": where} for name, where in places])

    async def ids(location: str | None, name: str | None) -> list[int]:
        found = await store.sites.list(location=location, name=name, limit=9, after=None)
        return [site["id"] for site in found.sites]

    assert await ids("north", None) == [1, 2, 4]
    assert await ids(None, "a") == [1, 3, 4]
    assert await ids("north", "a") == [1, 4]
    assert await ids("east", None) == []


async def test_update_changes_the_named_members_only(store: Store) -> None:
    await store.sites.create([WILLO])
    changed = await store.sites.update(1, {"name": "Willow"}, agree)
    assert changed == {**STORED, "name": "Willow"}
    assert await store.sites.get(1) == changed


async def test_update_shows_the_guard_the_stored_site_and_obeys_it(store: Store) -> None:
    await store.sites.create([WILLO])

    def refuse(site: Site) -> None:
        assert site == STORED
        raise PermissionError

    with pytest.raises(PermissionError):
        await store.sites.update(1, {"name": "Willow"}, refuse)
    assert await store.sites.get(1) == STORED


async def test_concurrent_updates_are_each_guarded_by_the_state_they_change(store: Store) -> None:
    await store.sites.create([WILLO])

    async def append(letter: str) -> bool:
        def guard(site: Site) -> None:
            if site["name"] != "Willo Woods":
                raise PermissionError

        try:
            await store.sites.update(1, {"name": letter}, guard)
        except PermissionError:
            return False
        return True

    assert sum(await asyncio.gather(*(append(letter) for letter in "abcdefghij"))) == 1


async def test_update_and_delete_of_an_unknown_site_are_refused(store: Store) -> None:
    with pytest.raises(UnknownSite):
        await store.sites.update(1, {"name": "Willow"}, agree)
    with pytest.raises(UnknownSite):
        await store.sites.delete(1)


async def test_page_of_no_sites_is_empty(store: Store) -> None:
    page = await store.sites.list(location=None, name=None, limit=5, after=None)
    assert page == SitePage([], None)

"""What the hub does that people did by hand, counted in the visitor's own stores (UX-16)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from hub.errors import T
from hub.kit.clock import utc_now
from hub.web.automation import ARCHIVE_RULES, AUTOMATIONS, saved
from hub.web.services import Ran
from tests.hub.web.api.test_alerts import raise_alert
from tests.hub.web.pages.test_records import english
from tests.hub.web.world_under_test import CHIEF, World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def test_hours_are_what_was_done_times_what_one_takes_by_hand(world: World) -> None:
    with world.amber.read() as session:
        before = {one.what.name.en: one for one in saved(session, world.services, utc_now())}
    assert len(before) == len(AUTOMATIONS)
    raise_alert(world, world.mine.id)
    with world.amber.read() as session:
        after = saved(session, world.services, utc_now())
        much_later = saved(session, world.services, utc_now() + timedelta(days=60))
    watched = next(one for one in after if "Faults" in one.what.name.en)
    assert watched.done.count == before[watched.what.name.en].done.count + 1
    with world.cobalt.read() as session:
        theirs = saved(session, world.services, utc_now())
    assert {one.done.count for one in theirs if one.what is watched.what} == {0}
    assert watched.done.at is not None
    assert watched.hours == pytest.approx(watched.done.count * watched.what.by_hand_min / 60)
    assert [one.hours for one in after] == sorted((one.hours for one in after), reverse=True)
    assert sum(one.done.count for one in much_later) == 0, "the last 30 days"
    assert len(set(ARCHIVE_RULES)) == 2


def test_the_page_tells_the_hub_s_own_work_too(world: World) -> None:
    chief = english(world.signed_in(CHIEF))
    rounds = world.services.rounds
    rounds["a"] = Ran(T("甲", "first chore"), utc_now(), 0.2, is_well=True)
    rounds["b"] = Ran(T("乙", "second chore"), utc_now(), 1.0, is_well=False)
    text = chief.get("/admin/automation").text
    assert "first chore" in text
    assert "failed, tried again" in text
    assert world.signed_in("clerk").get("/admin/automation").status_code == 403

"""A rule of one's own: tried on two weeks, drawn, switched on, watched (ALR-03, ALR-13)."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from hub.alerts.models import Alert
from hub.alerts.trial import Machine, try_rule
from hub.archive.alert_rules.records import AlertRule
from hub.archive.duty.records import Shift
from hub.detection.findings import Rule
from hub.ingest.own_rules import OwnRules
from tests.hub.simulated_store import ZONE
from tests.hub.web.conftest import signed_in
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest, open_store

WARM = {
    "name": "冷冻柜偏暖",
    "condition": "air_temperature_c > -17 ~ 1 and not door_open > 0.5",
    "for_type": "freezer",
    "level": "high",
    "hold_min": 10,
    "keep_min": 10,
}


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreUnderTest]:
    with open_store(tmp_path_factory.mktemp("rules")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(mine: StoreUnderTest) -> TestClient:
    return signed_in(mine, LOGIN.username)


@pytest.fixture(scope="module")
def rule(browser: TestClient) -> str:
    made = browser.post("/api/v1/alert-rules", json=WARM)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def own_alerts(mine: StoreUnderTest) -> list[tuple[bool, dict[str, object]]]:
    with mine.services.db.system_read("test") as connection:
        found = select(Alert.closed_at, Alert.clears_at, Alert.evidence).where(
            Alert.rule == Rule.OWN.value
        )
        return [
            (row.closed_at is None and row.clears_at is None, row.evidence)
            for row in connection.execute(found)
        ]


def test_a_condition_that_makes_no_sense_is_refused(browser: TestClient) -> None:
    wrong = browser.post("/api/v1/alert-rules", json=WARM | {"condition": "warmth > 3"})
    assert wrong.status_code == 422
    assert "warmth" in wrong.text


def test_it_is_tried_on_the_past_before_it_is_on(browser: TestClient, rule: str) -> None:
    for language, words in (("zh", "会在这些时刻报警"), ("en", "It would have alerted at")):
        page = browser.get(f"/alerts/rules/{rule}?lang={language}")
        assert page.status_code == 200
        assert words in page.text
    chart = browser.get(f"/alerts/rules/{rule}/charts?range=14d").json()["charts"]["rule"]
    assert [limit["value"] for limit in chart["limits"]] == [-17]
    assert [mark["severity"] for mark in chart["marks"]] == ["high"]
    listed = browser.get("/alerts/rules?lang=en").text
    assert "Air temperature &gt; -17 °C and (not Door open)" in listed
    assert ">Off<" in listed


def test_on_it_alerts_once_and_off_it_ends(
    mine: StoreUnderTest, browser: TestClient, rule: str
) -> None:
    services = mine.services
    watch = OwnRules(services.db, services.timeseries, services.live, lambda: mine.now)
    assert watch.tick() == 0
    version = browser.get(f"/api/v1/alert-rules/{rule}").json()["version"]
    late = browser.post(f"/alerts/rules/{rule}/enable?version={version + 1}")
    assert late.status_code == 409
    on = browser.post(f"/alerts/rules/{rule}/enable?version={version}", follow_redirects=False)
    assert on.status_code == 303
    assert watch.tick() == 1
    assert watch.tick() == 0
    ((is_open, evidence),) = own_alerts(mine)
    assert is_open
    assert evidence["limit"] == -17
    assert "冷冻柜偏暖" in browser.get("/alerts?lang=zh").text
    changed = browser.patch(
        f"/api/v1/alert-rules/{rule}", json={"hold_min": 20, "version": version + 1}
    )
    assert changed.status_code == 200, changed.text
    assert watch.tick() == 1  # what was not tried does not watch
    assert [is_open for is_open, _ in own_alerts(mine)] == [False]
    assert "Changed, not tried" in browser.get("/alerts/rules?lang=en").text


def test_hours_defrosts_and_maintenance_are_left_out(mine: StoreUnderTest) -> None:
    (series,) = mine.services.registry.find(mine.store_id, "freezer-1", "air_temperature_c")
    machine = Machine(
        UUID(int=1),
        mine.chain_id,
        mine.store_id,
        "freezer-1",
        "冷冻柜",
        "freezer",
        ZONE,
        "09:00-21:00",
        {"air_temperature_c": series.id},
    )
    end = int(mine.now.timestamp() * 1000)
    day = (end - int(timedelta(days=2).total_seconds() * 1000), end)

    def minutes(windows: dict[UUID, list[tuple[int, int]]] | None = None, **more: object) -> int:
        settings = {"condition": "air_temperature_c < 50", "hold_min": 1, "keep_min": 0}
        one = AlertRule(**settings | {"shift": Shift.ALWAYS, "rests_in_defrost": True} | dict(more))
        (trial,) = try_rule(mine.services.timeseries, [(one, machine)], day, windows)
        return trial.minutes

    always = minutes()
    is_open, closed = minutes(shift=Shift.OPEN), minutes(shift=Shift.CLOSED)
    assert 0.4 * always < is_open < 0.6 * always
    assert is_open + closed == pytest.approx(always, abs=8)
    night = minutes(rests_from="22:00", rests_until="04:00")
    assert night == pytest.approx(0.75 * always, rel=0.03)
    worked = {machine.id: [(end - 6 * 3_600_000, end)]}
    assert minutes(worked) == pytest.approx(always - 360, abs=4)

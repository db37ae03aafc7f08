"""Abnormal access is told, once, and not to be hushed by the one it is about (SEC-11, ALR-12)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from hub.errors import ForbiddenError, NotFoundError
from hub.kit.asker import Asker, EveryRight
from hub.kit.records.log import note
from hub.security.accounts import Grant
from hub.security.audit.watch import Findings, Watch
from tests.hub.chain_under_test import HUB, ChainUnderTest

ZONE = ZoneInfo("Asia/Shanghai")
NINE = datetime(2026, 3, 2, 1, tzinfo=UTC)  # nine in the morning in Shanghai
THREE_AT_NIGHT = datetime(2026, 3, 9, 19, tzinfo=UTC)
OFFICE, ELSEWHERE = "192.0.2.7", "203.0.113.9"


class Scene:
    """One person's past, written as it would have been."""

    def __init__(self, chain: ChainUnderTest) -> None:
        self.chain = chain
        self.user = chain.add_user("li", Grant("store_manager", chain.stores[0].id))
        self.told: list[UUID] = []
        self.watch = Watch(chain.db, ZONE, self.told.append)

    def does(self, action: str, at: datetime, address: str = OFFICE, **values: object) -> None:
        asker = Asker(self.user, "li", EveryRight(), address)
        with self.chain.db.system("test") as connection:
            note(connection, action, asker, chain_id=self.chain.id, at=at, values=values)

    def usual_week(self) -> None:
        for day in range(6):
            self.does("sign_in", NINE + timedelta(days=day))
        self.watch.look()

    @property
    def rules(self) -> list[str]:
        self.watch.look()
        return [one.rule for one in Findings(self.chain.db).listed(self.chain.id)]


@pytest.fixture
def scene(chain: ChainUnderTest) -> Scene:
    return Scene(chain)


def test_a_usual_week_is_nothing(scene: Scene) -> None:
    scene.usual_week()
    scene.does("sign_in", NINE + timedelta(days=7, hours=9))
    assert scene.rules == []


def test_a_sign_in_at_three_at_night_is_told(scene: Scene) -> None:
    scene.usual_week()
    scene.does("sign_in", THREE_AT_NIGHT)
    assert scene.rules == ["odd_hour"]
    assert scene.told == [scene.chain.id]


def test_who_always_works_at_night_is_not_told_of(scene: Scene) -> None:
    for day in range(6):
        scene.does("sign_in", THREE_AT_NIGHT - timedelta(days=day + 1))
    scene.does("sign_in", THREE_AT_NIGHT)
    assert scene.rules == []


def test_a_network_never_seen_before_is_told(scene: Scene) -> None:
    scene.usual_week()
    scene.does("sign_in", NINE + timedelta(days=7), "192.0.2.200")
    assert scene.rules == [], "the same network"
    scene.does("sign_in", NINE + timedelta(days=8), ELSEWHERE)
    assert scene.rules == ["odd_place"]


def test_ten_failures_in_a_quarter_of_an_hour_are_told(scene: Scene) -> None:
    for minute in range(9):
        scene.does("sign_in_failed", NINE + timedelta(minutes=minute))
    assert scene.rules == []
    scene.does("locked", NINE + timedelta(minutes=10))
    assert scene.rules == ["failures"]


@pytest.mark.parametrize(("rows", "times"), [(1000, 1), (10, 5)])
def test_a_mass_export_is_told_by_rows_or_by_times(scene: Scene, rows: int, times: int) -> None:
    for number in range(times):
        scene.does("export", NINE + timedelta(minutes=number), rows=[None, rows])
    assert scene.rules == ["mass_export"]


def test_a_small_export_is_nothing(scene: Scene) -> None:
    scene.does("export", NINE, rows=[None, 999])
    assert scene.rules == []


def test_looking_at_many_secrets_is_told_once_an_hour(scene: Scene) -> None:
    for number in range(60):
        scene.does("reveal", NINE + timedelta(seconds=number))
    assert scene.rules == ["mass_reveal"]
    assert scene.watch.look() == 0, "read again, nothing new"


def test_nobody_closes_what_is_about_themselves(scene: Scene) -> None:
    scene.does("export", NINE, rows=[None, 5000])
    scene.watch.look()
    findings = Findings(scene.chain.db)
    (one,) = findings.listed(scene.chain.id)
    subject = Asker(scene.user, "li", EveryRight())
    with pytest.raises(ForbiddenError):
        findings.close(scene.chain.id, one.id, "it was me", subject)
    with pytest.raises(NotFoundError):
        findings.close(scene.chain.stores[0].id, one.id, "", HUB)
    findings.close(scene.chain.id, one.id, "agreed with the finance team", HUB)
    assert findings.listed(scene.chain.id) == []
    (closed,) = findings.listed(scene.chain.id, is_open=False)
    assert closed.closed_note == "agreed with the finance team"

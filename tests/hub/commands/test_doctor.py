"""`storevitals-hub doctor` says what to do (OPS-01)."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from hub.archive.stock.models import BALANCES
from hub.backup.making import Done, remember
from hub.cli import main
from hub.commands.doctor.books import books
from hub.commands.doctor.checks import backups, database, disk, hub, journal
from hub.commands.doctor.command import CHECKS
from hub.commands.doctor.findings import Finding, Patient, State, examine, ok, report
from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.migrate import upgrade
from hub.settings import HubSettings
from hub.tables import database_at


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    return HubSettings(data_dir=tmp_path)


def patient(settings: HubSettings, **numbers: float) -> Patient:
    """One whose hub says that it runs."""
    made = Patient(settings)
    made.__dict__["state"] = {"version": "0", "troubles": {"ingest": "stands"}, "numbers": numbers}
    return made


def test_a_fresh_directory_is_examined_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HUB_MQTT_URL", "mqtt://127.0.0.1:1")
    assert main(["doctor", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    states = {row["part"]: row["state"] for row in rows}
    assert states["broker"] == "failed"
    assert states["hub"] == states["backups"] == states["database"] == "warning"
    assert set(states) <= {name for name, _ in CHECKS}
    assert all(row["zh"] and row["en"] for row in rows)


def test_a_missing_directory_fails(tmp_path: Path) -> None:
    (found,) = disk(Patient(HubSettings(data_dir=tmp_path / "none")))
    assert found.state is State.FAILED


def test_lag_and_troubles_of_the_running_hub_are_told(settings: HubSettings) -> None:
    (lag,) = journal(patient(settings, lag_series_rows=5000.0, lag_events_rows=1.0))
    assert lag.state is State.FAILED
    assert "series is 5000 rows behind" in lag.says.en
    (well,) = journal(patient(settings, lag_series_rows=5.0))
    assert well.state is State.OK
    trouble, old = hub(patient(settings))
    assert trouble.state is State.FAILED
    assert "ingest is not well: stands" in trouble.says.en
    assert "restart" in old.says.en


def test_a_database_that_was_not_migrated_fails(settings: HubSettings) -> None:
    db = Database(settings.database_url)
    db.create_all()
    db.close()
    (found,) = database(Patient(settings))
    assert found.state is State.FAILED
    assert "storevitals-hub migrate" in found.says.en


@pytest.mark.parametrize(("hours", "state"), [(1, State.OK), (40, State.WARNING)])
def test_the_age_of_each_copy_is_shown(settings: HubSettings, hours: int, state: State) -> None:
    """SEC-14."""
    at = (utc_now() - timedelta(hours=hours)).isoformat()
    remember(settings.data_dir, [Done("/mnt/nas", name="x", at=at)])
    (found,) = backups(Patient(settings))
    assert (found.state, "/mnt/nas" in found.says.en) == (state, True)


def test_a_check_that_breaks_is_a_finding(settings: HubSettings) -> None:
    def broken(_patient: Patient) -> list[Finding]:
        raise RuntimeError("no such thing")

    found = examine(settings, [("one", broken), ("two", lambda _: [ok("two", "好。", "well.")])])
    assert [(f.part, f.state) for f in found] == [("one", State.FAILED), ("two", State.OK)]


def test_it_speaks_the_language_of_the_shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert report([Finding("disk", State.OK, T("好。", "Well."))], as_json=False) == 0
    assert "好。" in capsys.readouterr().out


def test_books_that_do_not_add_up_are_told(settings: HubSettings) -> None:
    """INV-01: a balance that somebody changed behind the ledger's back."""
    assert list(books(Patient(settings))) == []  # no database yet
    db = database_at(settings.database_url)
    upgrade(db)
    (well,) = books(Patient(settings))
    empty = dict.fromkeys(("reserved_milli", "in_transit_milli", "value_minor"), 0)
    ids = {name: UUID(int=1) for name in ("chain_id", "store_id", "item_id")}
    with db.system("test") as connection:
        connection.execute(BALANCES.insert(), [empty | ids | {"on_hand_milli": 5}])
    db.close()
    (wrong,) = books(Patient(settings))
    assert (well.state, wrong.state) == (State.OK, State.FAILED)

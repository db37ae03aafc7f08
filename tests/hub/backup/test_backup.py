"""Backup and restore of a whole data directory (SEC-13, SEC-14, SEC-15, R30)."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from hub.backup.making import status
from hub.cli import main
from hub.ingest.journal import Journal, RowKind
from hub.kit.clock import utc_now
from hub.kit.records import ports
from hub.security.vault.opening import open_vault
from hub.timeseries.embedded.engine import DuckDbTimeSeries
from hub.timeseries.engines import one_store
from hub.timeseries.port import Points
from tests.databases import IS_POSTGRESQL, new_address
from tests.hub.conftest import Template

DAY_MS = 86_400_000
PHOTO = "files/ab/photo.jpg"


@dataclass(frozen=True)
class Place:
    """A hub's data directory and two targets."""

    data: Path
    here: Path
    there: Path

    def backup(self, *more: str) -> int:
        targets = ["--to", str(self.here), "--to", str(self.there)]
        return main(["backup", *targets, *more])

    def restore(self, *more: str, source: Path | None = None) -> int:
        key = ["--key-file", str(self.data / "backup.key")]
        return main(["restore", str(source or self.here), *key, *more])

    def journal(self, rows: int) -> None:
        journal = Journal(self.data / "journal.sqlite")
        for _ in range(rows):
            journal.append(uuid4(), RowKind.NODE_DATA, b"payload", received_ms=1)
        journal.commit()
        journal.close()

    def points(self, values: list[float], position: int, *, days_ago: int = 0) -> None:
        """A day that is over is sealed at once."""
        now_ms = int(utc_now().timestamp() * 1000)
        begin = (now_ms // DAY_MS - days_ago) * DAY_MS
        stamps = [begin + i for i in range(len(values))]
        engine = DuckDbTimeSeries(self.data / "timeseries", one_store, quiet_s=0.0)
        engine.write(Points.of([1] * len(values), stamps, values), position)
        engine.maintain(utc_now())
        engine.close()


@pytest.fixture
def place(tmp_path: Path, template: Template, monkeypatch: pytest.MonkeyPatch) -> Place:
    data = tmp_path / "data"
    data.mkdir()
    if IS_POSTGRESQL:
        pytest.skip("these are about the files of a hub on SQLite")
    new_address(data, template.full)
    room = open_vault(f"sqlite:///{data / 'keys.sqlite'}", "", data / "master.key")
    place_of_it = ports.Place(uuid4(), "contracts", "terms", uuid4())
    room.vault.seal(place_of_it, "a secret makes its key")
    room.keys.close()
    (data / PHOTO).parent.mkdir(parents=True)
    (data / PHOTO).write_bytes(os.urandom(5000))
    monkeypatch.setenv("HUB_DATA_DIR", str(data))
    made = Place(data, tmp_path / "here", tmp_path / "there")
    made.points([1.0, 2.0, 3.0], 2, days_ago=3)
    made.points([4.0, 5.0], 3)
    made.journal(5)
    return made


def all_points(data: Path) -> tuple[list[float], int]:
    engine = DuckDbTimeSeries(data / "timeseries", one_store)
    points = engine.read([1], 0, int((utc_now() + timedelta(days=1)).timestamp() * 1000))
    position = engine.position()
    engine.close()
    return points.value.tolist(), position


def rows(file: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as db:
        return db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608


def test_a_restore_brings_everything_back(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEC-13, SEC-15: from either target, to the last byte."""
    assert place.backup() == 0
    for number, source in enumerate((place.here, place.there)):
        new = tmp_path / f"new-{number}"
        monkeypatch.setenv("HUB_DATA_DIR", str(new))
        assert place.restore(source=source) == 0
        for file, table in (("hub.sqlite", "chains"), ("journal.sqlite", "entry"),
                            ("keys.sqlite", "crypto_keys")):  # fmt: skip
            assert rows(new / file, table) == rows(place.data / file, table) != []
        assert (new / PHOTO).read_bytes() == (place.data / PHOTO).read_bytes()
        assert all_points(new) == all_points(place.data) == ([1.0, 2.0, 3.0, 4.0, 5.0], 3)


def test_no_backup_holds_a_key(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The master key and the backups' own key are nowhere in what leaves the machine."""
    place.backup()
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "new"))
    place.restore()
    restored = {path.name for path in (tmp_path / "new").iterdir()}
    assert not restored & {"master.key", "backup.key"}
    secrets = [(place.data / name).read_bytes().strip() for name in ("master.key", "backup.key")]
    for folder in (place.here, place.there, tmp_path / "new"):
        for path in folder.rglob("*"):
            assert not path.is_file() or not any(s in path.read_bytes() for s in secrets)


def test_only_what_is_new_is_written_again(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sealed days and photos are kept once, however many backups hold them."""
    place.backup("--json")
    first = json.loads(capsys.readouterr().out)[0]
    place.journal(1)
    place.backup("--json")
    second = json.loads(capsys.readouterr().out)[1]
    assert first["new_files"] == first["files"] >= 5
    assert second["new_files"] < second["files"]
    manifests = sorted((place.here / "manifests").iterdir())
    assert len(manifests) == 2


def test_old_backups_go_and_take_along_what_only_they_needed(place: Place) -> None:
    for more in range(3):
        place.journal(more + 1)
        assert place.backup("--keep", "2") == 0
    assert len(list((place.here / "manifests").iterdir())) == 2
    assert place.restore("--rehearse") == 0
    held = len(list(place.here.glob("objects/*/*")))
    place.backup("--keep", "1")
    assert 0 < len(list(place.here.glob("objects/*/*"))) < held


def test_a_directory_in_use_is_never_written_over(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.backup()
    before = (place.data / "hub.sqlite").read_bytes()
    assert place.restore() == 1
    assert "is not empty" in capsys.readouterr().err
    assert (place.data / "hub.sqlite").read_bytes() == before


def test_a_wrong_key_is_named(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SEC-15: no stack trace and no half restore, but which key is wanted."""
    place.backup()
    (place.data / "backup.key").rename(tmp_path / "real.key")
    assert main(["backup", "--to", str(tmp_path / "other")]) == 0
    capsys.readouterr()
    assert place.restore("--rehearse") == 1
    assert "it is another key's" in capsys.readouterr().err
    assert place.backup() == 1
    assert "holds backups of the key age1" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_damage_of_a_backup_is_found(
    place: Place, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place.backup()
    largest = max(place.here.glob("objects/*/*"), key=lambda path: path.stat().st_size)
    if damage == "gone":
        largest.unlink()
    else:
        largest.write_bytes(largest.read_bytes()[:-1] + b"?")
    assert place.restore("--rehearse") == 1
    assert str(place.here) in capsys.readouterr().err
    assert place.restore("--rehearse", source=place.there) == 0


def test_one_target_out_of_reach_leaves_the_other_whole(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SEC-14: it fails aloud, and the age of the last good copy stays known."""
    place.backup()
    good = status(place.data)[str(place.there)]["at"]
    shutil.rmtree(place.there)
    place.there.write_text("not a folder")
    assert place.backup() == 1
    assert str(place.there) in capsys.readouterr().err
    assert place.restore("--rehearse") == 0
    held = status(place.data)
    assert held[str(place.there)]["at"] == good
    assert held[str(place.there)]["error"]
    assert not held[str(place.here)]["error"]


def test_erased_keys_stay_erased(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older backup opens with the newest keys only: what was shredded does not come back."""
    place.backup()
    oldest = sorted((place.here / "manifests").iterdir())[0].stem
    with closing(sqlite3.connect(place.data / "keys.sqlite")) as db, db:
        db.execute("UPDATE crypto_keys SET wrapped = NULL, state = 'destroyed'")
    place.backup()
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "new"))
    assert place.restore("--at", oldest) == 0
    with closing(sqlite3.connect(tmp_path / "new" / "keys.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM crypto_keys WHERE wrapped NOT NULL").fetchone() == (
            0,
        )

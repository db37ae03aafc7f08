"""`storevitals-hub restore`: a backup back into an empty data directory, every file by its hash."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect, make_url

from hub.backup.counts import count
from hub.backup.depot import Depot
from hub.backup.errors import BackupError
from hub.backup.manifest import Entry, Manifest, sha256
from hub.backup.sources import ARCHIVE, ARCHIVE_DUMP, KEYS, run_postgresql
from hub.kit.db import Database
from hub.settings import HubSettings

MAY_BE_THERE = {"master.key", "backup.key", "hub.toml", "lost+found"}
STAGE, REHEARSAL = "restoring", "rehearsal-"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and that it is what was counted when the backup was made."""

    name: str
    version: str
    files: int
    bytes: int
    rows: int


def choose(depot: Depot, at: str | None) -> Manifest:
    """The newest backup, or the newest whose name begins with `at`."""
    names = [name for name in depot.names() if name.startswith(at or "")]
    if not names:
        known = ", ".join(depot.names()[-5:]) or "none"
        raise BackupError(f"{depot.folder}: no such backup. The newest here: {known}.")
    return depot.read(names[-1])


def restore(settings: HubSettings, depot: Depot, manifest: Manifest) -> Restored:
    """BackupError when the place is not empty; then nothing was touched."""
    _demand_empty(settings)
    data = settings.data_dir
    data.mkdir(parents=True, exist_ok=True)
    stage = data / STAGE
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir()
    done = _unpack(depot, manifest, stage)
    depot.get_keys(stage / KEYS)
    _put_sql(settings, stage)
    for path in stage.iterdir():
        path.replace(data / path.name)
    stage.rmdir()
    return done


def rehearse(settings: HubSettings, depot: Depot, manifest: Manifest) -> Restored:
    """A restore into a temporary folder that is thrown away: the proof that it would work."""
    data = settings.data_dir if settings.data_dir.is_dir() else None
    with tempfile.TemporaryDirectory(prefix=REHEARSAL, dir=data) as stage:
        done = _unpack(depot, manifest, Path(stage))
        depot.get_keys(Path(stage) / KEYS)
        return done


def _unpack(depot: Depot, manifest: Manifest, stage: Path) -> Restored:
    for entry in manifest.entries:
        _fetch(depot, entry, stage / entry.path)
    found = count(stage)
    wrong = [what for what, n in manifest.counts.items() if found.get(what) != n]
    if wrong:
        raise BackupError(
            f"{depot.folder}: the counts of {', '.join(wrong[:5])} differ from those of the backup "
            f"{manifest.name}: take another with --at."
        )
    return Restored(
        manifest.name,
        manifest.version,
        files=len(manifest.entries),
        bytes=sum(entry.size for entry in manifest.entries),
        rows=sum(found.values()),
    )


def _fetch(depot: Depot, entry: Entry, target: Path) -> None:
    depot.get(entry.sha256, target)
    if target.stat().st_size != entry.size or sha256(target) != entry.sha256:
        raise BackupError(
            f"{depot.folder}: {entry.path} is damaged (its hash differs): take another backup "
            "with --at, or the second target."
        )


def _demand_empty(settings: HubSettings) -> None:
    data = settings.data_dir
    there = {path.name for path in data.iterdir()} if data.is_dir() else set()
    if there - MAY_BE_THERE - {STAGE}:
        raise BackupError(
            f"{data}: is not empty. A restore overwrites nothing: name a new directory "
            "(HUB_DATA_DIR), or move this one away."
        )
    if make_url(settings.database_url).get_backend_name() != "sqlite":
        _demand_no_tables(settings.database_url)


def _demand_no_tables(url: str) -> None:
    db = Database(url)
    try:
        with db.system_read("restore") as connection:
            tables = inspect(connection).get_table_names()
    finally:
        db.close()
    if tables:
        raise BackupError(
            "The database is not empty. A restore overwrites nothing: make a new one (createdb) "
            "and name it in HUB_DATABASE_URL."
        )


def _put_sql(settings: HubSettings, stage: Path) -> None:
    """The databases go to where the settings want them."""
    dumped = stage / ARCHIVE_DUMP
    is_sqlite = make_url(settings.database_url).get_backend_name() == "sqlite"
    if is_sqlite == dumped.exists():
        kind = "PostgreSQL" if dumped.exists() else "SQLite"
        raise BackupError(f"The backup is of a hub on {kind}: set HUB_DATABASE_URL accordingly.")
    if dumped.exists():
        run_postgresql("pg_restore", settings.database_url, "--no-owner", "--exit-on-error",
                       str(dumped))  # fmt: skip
        dumped.unlink()
    else:
        _move(stage / ARCHIVE, settings.database_url, settings.data_dir)
    keys_url = make_url(settings.keys_url)
    if keys_url.get_backend_name() == "sqlite":
        _move(stage / KEYS, settings.keys_url, settings.data_dir)
    else:
        run_postgresql("pg_restore", settings.keys_url, "--no-owner", str(stage / KEYS))
        (stage / KEYS).unlink()


def _move(file: Path, url: str, data: Path) -> None:
    """Within the data directory it goes with everything else; elsewhere it is moved there."""
    target = Path(make_url(url).database or "")
    if target != data.absolute() / file.name:
        if target.exists():
            raise BackupError(f"{target}: exists. A restore overwrites nothing: move it away.")
        shutil.move(file, target)

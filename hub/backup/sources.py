"""Consistent copies of a hub's state in a work folder, while the hub runs or rests.

The order is what makes them fit: each copy may be younger than those before it, never older.
Detection's checkpoints first, then the archive with the position of its consumer, the time series
with theirs, and last the journal, which a restored hub replays from those positions.
"""

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlalchemy import make_url

from hub import control
from hub.backup.errors import BackupError
from hub.settings import HubSettings
from hub.timeseries.embedded.snapshot import link
from hub.timeseries.engines import open_timeseries

SNAPSHOT_LIMIT_S = 3600.0
ARCHIVE, ARCHIVE_DUMP, JOURNAL, KEYS = "hub.sqlite", "hub.pgdump", "journal.sqlite", "keys.sqlite"
TIMESERIES, DETECTION = "timeseries", "detection"
FINAL = (f"{TIMESERIES}/sealed/", "files/")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to keep: its path in the data directory, and where its copy lies now."""

    path: str
    at: Path

    @property
    def is_final(self) -> bool:
        return self.path.startswith(FINAL)


def collect(settings: HubSettings, work: Path) -> list[Source]:
    """Everything but the keys; `work` is a new folder in the data directory, so links are cheap."""
    data = settings.data_dir
    _demand_room(data, settings)
    _copy_tree(data, work, DETECTION)
    _copy_archive(settings.database_url, work)
    _copy_timeseries(settings, work / TIMESERIES)
    if (data / JOURNAL).exists():
        copy_sqlite(data / JOURNAL, work / JOURNAL)
    _copy_tree(data, work, "files", copy=link)
    _copy_tree(data, work, "jobs")
    return list(_files(work))


def copy_keys(settings: HubSettings, work: Path) -> Path:
    """The wrapped keys, never the master key. Copied after the archive that needs them."""
    target = work / KEYS
    url = make_url(settings.keys_url)
    if url.get_backend_name() != "sqlite":
        _dump(settings.keys_url, target)
    else:
        copy_sqlite(Path(url.database or ""), target)
    return target


def copy_sqlite(source: Path, target: Path) -> None:
    """As of one instant; the owner of the file goes on writing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as here,
            closing(sqlite3.connect(target)) as there,
        ):
            here.backup(there)
            there.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupError(f"{source}: cannot be copied ({error}).") from error


def _copy_archive(url: str, work: Path) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        copy_sqlite(Path(parsed.database or ""), work / ARCHIVE)
    else:
        _dump(url, work / ARCHIVE_DUMP)


def _dump(url: str, target: Path) -> None:
    run_postgresql("pg_dump", url, "--format=custom", f"--file={target}")


def run_postgresql(program: str, url: str, *arguments: str) -> None:
    """One of PostgreSQL's own tools on the database of `url`; the password by environment."""
    parsed = make_url(url)
    plain = parsed.set(drivername="postgresql", password=None)
    tool = shutil.which(program)
    if tool is None:
        raise BackupError(f"{program} is missing: apt-get install postgresql-client")
    command = [tool, f"--dbname={plain.render_as_string()}", "--no-password", *arguments]
    done = subprocess.run(  # noqa: S603  the tool's own path and our arguments
        command, env={"PGPASSWORD": parsed.password or ""}, capture_output=True, text=True
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()}")


def _copy_timeseries(settings: HubSettings, folder: Path) -> None:
    """DuckDB allows one process: the running hub makes the copy; a resting one leaves it to us."""
    asked = control.ask(settings.data_dir, "snapshot", SNAPSHOT_LIMIT_S, folder=str(folder))
    if asked is not None or not (settings.data_dir / TIMESERIES).exists():
        return
    try:
        engine = open_timeseries(settings.timeseries_url, settings.data_dir)
    except duckdb.IOException as error:
        raise BackupError(
            "A process holds the time series but does not answer on its control socket: "
            f"end it, or run this as the user of the hub ({error})."
        ) from error
    try:
        engine.snapshot(folder)
    finally:
        engine.close()


def _copy_tree(
    data: Path, work: Path, name: str, copy: Callable[[Path, Path], object] = shutil.copyfile
) -> None:
    """What is removed meanwhile is left out, and so are drafts."""
    for path in (data / name).rglob("*"):
        if path.is_file() and not path.name.endswith((".part", ".new")):
            target = work / path.relative_to(data)
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                copy(path, target)


def _files(work: Path) -> Iterator[Source]:
    for path in sorted(work.rglob("*")):
        if path.is_file():
            yield Source(path.relative_to(work).as_posix(), path)


def _demand_room(data: Path, settings: HubSettings) -> None:
    copied = [data / JOURNAL, data / TIMESERIES / "hot.duckdb"]
    archive = make_url(settings.database_url)
    if archive.get_backend_name() == "sqlite":
        copied.append(Path(archive.database or ""))
    needed = sum(path.stat().st_size for path in copied if path.exists())
    free = shutil.disk_usage(data).free
    if free < needed * 1.2:
        raise BackupError(
            f"{data}: a backup needs {needed / 1e9:.1f} GB beside the data for its copies, but "
            f"only {free / 1e9:.1f} GB are free."
        )

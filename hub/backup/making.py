"""`storevitals-hub backup`: a consistent copy, sealed, to one or more targets; only what is new."""

import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from hub.backup.counts import count, demand_whole_journal
from hub.backup.depot import Depot
from hub.backup.errors import BackupError
from hub.backup.key import BackupKey
from hub.backup.manifest import Entry, Manifest, sha256
from hub.backup.sources import Source, collect, copy_keys
from hub.kit.clock import utc_now
from hub.settings import HubSettings

STATUS = "backups.json"
WORK_PREFIX = "backup-work-"


@dataclass(frozen=True, slots=True)
class Done:
    """What came to one target. `error` is a sentence, empty when all went well."""

    target: str
    name: str = ""
    at: str = ""
    files: int = 0
    bytes: int = 0
    new_files: int = 0
    new_bytes: int = 0
    error: str = ""


def open_key(
    settings: HubSettings, given: Path | None = None, *, is_made: bool = True
) -> tuple[BackupKey, bool]:
    """The key, and whether it is new: it is made at the first backup."""
    file = given or settings.backup_key_file or settings.data_dir / "backup.key"
    is_new = is_made and not file.exists()
    return (BackupKey.make(file) if is_new else BackupKey.read(file)), is_new


def make(settings: HubSettings, targets: Sequence[Path], key: BackupKey, keep: int) -> list[Done]:
    """One copy of the hub's state for all targets; a target that fails leaves the others whole."""
    with _alone(settings.data_dir), _work(settings.data_dir) as work:
        sources = collect(settings, work)
        demand_whole_journal(work)
        keys = copy_keys(settings, work)
        writer = _Writer(Manifest(_name(), version("storevitals"), [], count(work)), sources, keys)
        done = [writer.write(Depot(target, key), keep) for target in targets]
    remember(settings.data_dir, done)
    return done


def remember(data_dir: Path, done: Sequence[Done]) -> None:
    """For `doctor` and /metrics: the last good backup of each target, and the last error."""
    held = status(data_dir)
    for one in done:
        good = asdict(one) if not one.error else {**held.get(one.target, {}), "error": one.error}
        held[one.target] = good
    draft = data_dir / f"{STATUS}.new"
    draft.write_text(json.dumps(held), "utf-8")
    draft.replace(data_dir / STATUS)


def status(data_dir: Path) -> dict[str, dict[str, object]]:
    """By target; empty before the first backup."""
    file = data_dir / STATUS
    held: dict[str, dict[str, object]] = json.loads(file.read_text()) if file.exists() else {}
    return held


class _Writer:
    """Writes one collected state to targets; hashes each file once, seals it once."""

    def __init__(self, draft: Manifest, sources: Sequence[Source], keys: Path) -> None:
        self._draft, self._sources, self._keys = draft, sources, keys
        self._entries: list[Entry] = []
        self._first: Depot | None = None

    def write(self, depot: Depot, keep: int) -> Done:
        try:
            return self._write(depot, keep)
        except (BackupError, OSError) as error:
            return Done(str(depot.folder), error=str(error))

    def _write(self, depot: Depot, keep: int) -> Done:
        depot.prepare()
        entries = self._entries or self._hash(depot)
        new = [entry for entry in entries if not depot.holds(entry.sha256)]
        at = {source.path: source.at for source in self._sources}
        written = sum(self._bring(depot, entry, at[entry.path]) for entry in _once(new))
        depot.put_keys(self._keys)
        manifest = Manifest(self._draft.name, self._draft.version, entries, self._draft.counts)
        depot.save(manifest)
        depot.prune(keep)
        self._entries, self._first = list(entries), self._first or depot
        size = sum(entry.size for entry in entries)
        return Done(
            str(depot.folder),
            name=manifest.name,
            at=utc_now().isoformat(),
            files=len(entries),
            bytes=size,
            new_files=len(new),
            new_bytes=written,
        )

    def _bring(self, depot: Depot, entry: Entry, at: Path) -> int:
        if self._first is not None:
            return depot.take_over(self._first, entry.sha256)
        return depot.put(at, entry.sha256)

    def _hash(self, depot: Depot) -> list[Entry]:
        """A file that never changes and stands in the last backup is not read again."""
        last = depot.newest()
        known = {e.path: e for e in last.entries if e.is_final} if last else {}
        return [_entry(source, known) for source in self._sources]


def _entry(source: Source, known: Mapping[str, Entry]) -> Entry:
    size = source.at.stat().st_size
    if (before := known.get(source.path)) and before.size == size:
        return before
    return Entry(source.path, size, sha256(source.at), source.is_final)


def _once(entries: Sequence[Entry]) -> list[Entry]:
    return list({entry.sha256: entry for entry in entries}.values())


def _name() -> str:
    return utc_now().strftime("%Y%m%dT%H%M%S.%fZ")


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    if not data_dir.is_dir():
        raise BackupError(f"{data_dir}: there is no data directory of a hub (HUB_DATA_DIR).")
    with (data_dir / "backup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError("Another backup is at work: wait for it.") from error
        yield


@contextmanager
def _work(data_dir: Path) -> Iterator[Path]:
    """A folder for the copies; what a killed backup left goes first."""
    for old in data_dir.glob(f"{WORK_PREFIX}*"):
        shutil.rmtree(old)
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=data_dir) as folder:
        yield Path(folder)

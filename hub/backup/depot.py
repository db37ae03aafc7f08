"""A folder of backups: sealed files named by the hash of what they hold, each kept once.

`objects/ab/abcd….age` are contents, `manifests/<instant>.age` the backups that need them.
`keys.age` is the newest state of the database of wrapped keys and the only one: an older copy
would bring back what was erased by destroying a person's key.
"""

import shutil
import tempfile
from pathlib import Path

from hub.backup.errors import BackupError
from hub.backup.key import BackupKey, settle
from hub.backup.manifest import Manifest

SUFFIX = ".age"


class Depot:
    """One target."""

    def __init__(self, folder: Path, key: BackupKey) -> None:
        self.folder, self._key = folder, key
        self._manifests = folder / "manifests"

    def prepare(self) -> None:
        """Make the folder; BackupError when it cannot be written, or is another key's."""
        try:
            self._manifests.mkdir(parents=True, exist_ok=True)
            tag = self.folder / "key.txt"
            if not tag.exists():
                tag.write_text(f"{self._key.name}\n", "ascii")
        except OSError as error:
            raise BackupError(
                f"{self.folder}: cannot be written ({error.strerror}): is the disk mounted, and "
                "may this user write there?"
            ) from error
        if (owner := tag.read_text("ascii").strip()) != self._key.name:
            raise BackupError(
                f"{self.folder}: holds backups of the key {owner}, but this hub's key is "
                f"{self._key.name}: name another folder, or put back the key."
            )

    def holds(self, digest: str) -> bool:
        return self._object(digest).exists()

    def put(self, source: Path, digest: str) -> int:
        """Bytes that were written."""
        self._key.seal(source, self._object(digest))
        return self._object(digest).stat().st_size

    def take_over(self, other: "Depot", digest: str) -> int:
        """The sealed file of another target, as it is; bytes that were written."""
        target = self._object(digest)
        draft = target.with_name(f"{target.name}.part")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(other._object(digest), draft)
        settle(draft, target)
        return target.stat().st_size

    def get(self, digest: str, target: Path) -> None:
        if not self.holds(digest):
            raise BackupError(
                f"{self.folder}: {target.name} is missing from the backup ({digest[:12]}…): take "
                "another backup with --at, or the second target."
            )
        self._key.open(self._object(digest), target)

    def put_keys(self, source: Path) -> None:
        self._key.seal(source, self.folder / f"keys{SUFFIX}")

    def get_keys(self, target: Path) -> None:
        self._key.open(self.folder / f"keys{SUFFIX}", target)

    def names(self) -> list[str]:
        """Instants of all backups, the newest last."""
        return sorted(path.stem for path in self._manifests.glob(f"*{SUFFIX}"))

    def read(self, name: str) -> Manifest:
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / name
            self._key.open(self._manifests / f"{name}{SUFFIX}", plain)
            return Manifest.parse(plain.read_text("utf-8"))

    def newest(self) -> Manifest | None:
        names = self.names()
        return self.read(names[-1]) if names else None

    def save(self, manifest: Manifest) -> None:
        """Last of all: from now on the backup exists."""
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / manifest.name
            plain.write_text(manifest.text(), "utf-8")
            self._key.seal(plain, self._manifests / f"{manifest.name}{SUFFIX}")

    def prune(self, keep: int) -> int:
        """Forget all but the newest backups and what only those needed; how many files went."""
        for name in self.names()[:-keep]:
            (self._manifests / f"{name}{SUFFIX}").unlink()
        needed = {e.sha256 for name in self.names() for e in self.read(name).entries}
        gone = [path for path in self.folder.glob("objects/*/*") if _digest(path) not in needed]
        for path in gone:
            path.unlink()
        return len(gone)

    def _object(self, digest: str) -> Path:
        return self.folder / "objects" / digest[:2] / f"{digest}{SUFFIX}"


def _digest(path: Path) -> str:
    return path.name.partition(".")[0]

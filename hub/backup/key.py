"""The key of the backups: an age identity in a file of its own, never in a backup.

Files are sealed in the age format (age-encryption.org), so that Debian's `age` opens them, too.
"""

import os
import stat
from pathlib import Path

from pyrage import DecryptError, IdentityError, decrypt_file, encrypt_file
from pyrage.x25519 import Identity

from hub.backup.errors import BackupError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class BackupKey:
    """Seals and opens files; `name` is its public half, which only names it."""

    def __init__(self, secret: str, source: str) -> None:
        try:
            self._identity = Identity.from_str(secret)
        except IdentityError as error:
            raise BackupError(f"{source}: is not a key of backups ({error}).") from error
        self.name = str(self._identity.to_public())
        self._recipients = [self._identity.to_public()]

    @classmethod
    def read(cls, file: Path) -> "BackupKey":
        """What `file` holds; refused when others may read it."""
        try:
            if file.stat().st_mode & _OTHERS:
                raise BackupError(f"{file}: others may read the key. Run: chmod 600 {file}")
            return cls(file.read_text("ascii").strip(), str(file))
        except (OSError, UnicodeDecodeError) as error:
            raise BackupError(
                f"{file}: the key of the backups cannot be read ({error}). Without it no backup "
                "opens: put it back from where you keep it, or name it with --key-file."
            ) from error

    @classmethod
    def make(cls, file: Path) -> "BackupKey":
        """A new key in a new file, on the disk when this returns."""
        file.parent.mkdir(parents=True, exist_ok=True)
        secret = str(Identity.generate())
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(f"{secret}\n")
            stream.flush()
            os.fsync(stream.fileno())
        return cls(secret, str(file))

    def seal(self, source: Path, target: Path) -> None:
        """Under its name `target` is whole and on the disk, or it is not there."""
        draft = target.with_name(f"{target.name}.part")
        target.parent.mkdir(parents=True, exist_ok=True)
        encrypt_file(str(source), str(draft), self._recipients)
        settle(draft, target)

    def open(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            decrypt_file(str(source), str(target), [self._identity])
        except DecryptError as error:
            raise BackupError(
                f"{source}: does not open by the key {self.name} ({error}): it is another key's "
                "(key.txt beside the backups names it), or the file is damaged."
            ) from error
        except OSError as error:
            raise BackupError(f"{source}: cannot be read ({error}).") from error


def settle(draft: Path, target: Path) -> None:
    """Give a finished file its name, durably."""
    _sync(draft)
    draft.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

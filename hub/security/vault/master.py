"""The master key, which wraps all other keys: from the environment, or a file of its own.

Several keys may be given: the first wraps, the others still unwrap until everything is wrapped
anew (`storevitals-hub rotate-keys --master`).
"""

import base64
import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import CommandError

KEY_BYTES = 32
NONCE_BYTES = 12
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class MasterKeyError(CommandError):
    """The master key is missing or wrong; the message says what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class MasterKey:
    """`id` tells which key wrapped something; it says nothing about the key."""

    id: str
    secret: bytes

    @classmethod
    def of(cls, secret: bytes) -> "MasterKey":
        return cls(hashlib.sha256(b"storevitals master key id" + secret).hexdigest()[:12], secret)

    @classmethod
    def fresh(cls) -> "MasterKey":
        return cls.of(secrets.token_bytes(KEY_BYTES))

    @property
    def text(self) -> str:
        return base64.b64encode(self.secret).decode()


class MasterKeys:
    """Wraps by the first key, unwraps by any."""

    def __init__(self, keys: tuple[MasterKey, ...]) -> None:
        self.keys = keys
        self.first = keys[0]
        self._ciphers = {key.id: AESGCM(key.secret) for key in keys}

    def wrap(self, secret: bytes, about: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._ciphers[self.first.id].encrypt(nonce, secret, about.encode())

    def unwrap(self, wrapped: bytes, about: str, master_id: str) -> bytes:
        cipher = self._ciphers.get(master_id)
        if cipher is None:
            raise MasterKeyError(
                f"The master key {master_id}, which wrapped the keys of this database, is not "
                "among those given: put back the master key file that belongs to it."
            )
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, sealed, about.encode())
        except InvalidTag as error:
            raise MasterKeyError(f"A key was changed on disk: {about}.") from error


def parse(text: str, source: str) -> MasterKeys:
    """Keys of 32 bytes in base64, one a line or separated by commas, the one in use first."""
    words = text.replace(",", "\n").split()
    try:
        secrets_ = [base64.b64decode(word, validate=True) for word in words]
    except ValueError as error:
        raise MasterKeyError(f"{source}: a master key is 32 bytes in base64.") from error
    if not secrets_ or any(len(secret) != KEY_BYTES for secret in secrets_):
        raise MasterKeyError(f"{source}: a master key is 32 bytes in base64.")
    return MasterKeys(tuple(MasterKey.of(secret) for secret in secrets_))


def read_file(file: Path) -> MasterKeys:
    """The keys in a file that nobody but its owner may read."""
    try:
        if file.stat().st_mode & _OTHERS:
            raise MasterKeyError(f"{file}: others may read the master key. Run: chmod 600 {file}")
        text = file.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise MasterKeyError(f"{file}: the master key cannot be read ({error}).") from error
    return parse(text, str(file))


def write_file(file: Path, keys: tuple[MasterKey, ...]) -> None:
    """Replace the file in one step; it is on the disk when this returns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write("".join(f"{key.text}\n" for key in keys))
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def open_master(given: str, file: Path, *, is_new: bool) -> MasterKeys:
    """The keys of the environment, else of the file, which is made for a new database.

    A missing file beside a database that was sealed already is never replaced: nothing could be
    read any more.
    """
    if given:
        return parse(given, "HUB_MASTER_KEY")
    if file.exists():
        return read_file(file)
    if not is_new:
        raise MasterKeyError(
            f"{file}: the master key is missing, and this hub's data are sealed by it. Put the "
            "file back from where it is kept (docs/security/keys.md)."
        )
    write_file(file, (MasterKey.fresh(),))
    return read_file(file)

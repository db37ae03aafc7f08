"""Files of records: kept outside of any transaction, attached inside of one, read, removed.

`keep` is slow (it draws photos anew) and comes first; `attach` is a row. Whoever calls has seen to
it that the asker may see, or change, the owner.
"""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select

from hub.errors import ConflictError, NotFoundError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.files.content import Content, examine
from hub.kit.files.models import StoredFile
from hub.kit.ids import uuid7
from hub.kit.session import ScopedSession

QUOTA_BYTES = 10 << 30  # of one chain
MOST = 50  # files of one owner
_NONE = T("没有这个文件。", "There is no such file.")
_FULL = T(
    "文件空间已用完（{n} GB），请先删除一些。", "The space for files is full ({n} GB); remove some."
)
_MANY = T("一条记录最多 {n} 个文件。", "One record may have at most {n} files.")


class Seal(Protocol):
    """How bytes lie on disk; the vault's can be put in place of `Plain`."""

    def seal(self, file_id: UUID, data: bytes) -> tuple[bytes, int | None]:
        """The bytes as they are kept, and the number of the key."""

    def open(self, file_id: UUID, key_id: int | None, data: bytes) -> bytes: ...


class Plain:
    """Bytes as they are."""

    def seal(self, file_id: UUID, data: bytes) -> tuple[bytes, int | None]:
        return data, None

    def open(self, file_id: UUID, key_id: int | None, data: bytes) -> bytes:
        return data


@dataclass(frozen=True, slots=True)
class Owner:
    """What a file is attached to: a table, a row, and the store it belongs to."""

    type: str
    id: UUID
    store_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A file on disk that no row names yet."""

    id: UUID
    name: str
    content: Content
    key_id: int | None


class Files:
    """The folder of all files. Safe from any thread."""

    def __init__(self, folder: Path, seal: Seal | None = None) -> None:
        self._folder = folder
        self._seal: Seal = seal or Plain()

    def keep(self, data: bytes, name: str) -> Kept:
        """Examine, draw anew, seal and write; InvalidError says what is wrong with the file."""
        content, file_id = examine(data), uuid7()
        body, key_id = self._seal.seal(file_id, content.data)
        self._write(self._path(file_id), body)
        if content.thumbnail is not None:
            self._write(self._thumb(file_id), self._seal.seal(file_id, content.thumbnail)[0])
        plain = Path(name.replace("\\", "/")).name.strip()[-120:] or "file"
        return Kept(file_id, plain, content, key_id)

    def attach(self, session: ScopedSession, owner: Owner, kept: Kept) -> StoredFile:
        """The row of a kept file; ConflictError (and no file) where there is no room for it."""
        try:
            self._demand_room(session, owner, len(kept.content.data))
        except ConflictError:
            self.forget(kept.id)
            raise
        content = kept.content
        row = StoredFile(
            id=kept.id,
            owner_type=owner.type,
            owner_id=owner.id,
            store_id=owner.store_id,
            name=kept.name,
            mime=content.mime,
            size=len(content.data),
            sha256=hashlib.sha256(content.data).hexdigest(),
            key_id=kept.key_id,
            width_px=content.width_px,
            height_px=content.height_px,
            added_by=asker_of(session).name,
        )
        session.add(row)
        session.flush()
        return row

    def listed(self, session: ScopedSession, owner: Owner) -> Sequence[StoredFile]:
        """The owner's files, oldest first."""
        query = select(StoredFile).where(
            StoredFile.owner_id == owner.id,
            StoredFile.owner_type == owner.type,
            StoredFile.removed_at.is_(None),
        )
        return session.scalars(query.order_by(StoredFile.id)).all()

    def find(self, session: ScopedSession, file_id: UUID) -> StoredFile:
        """A file of the chain; see to its owner's rights before you show it."""
        row = session.get(StoredFile, file_id)
        if row is None or row.removed_at:
            raise NotFoundError(_NONE)
        return row

    def read(self, row: StoredFile, *, is_thumbnail: bool = False) -> bytes:
        path = self._thumb(row.id) if is_thumbnail and row.is_image else self._path(row.id)
        try:
            return self._seal.open(row.id, row.key_id, path.read_bytes())
        except FileNotFoundError as error:
            raise NotFoundError(_NONE) from error

    def remove(self, session: ScopedSession, row: StoredFile) -> None:
        """Off the record now; call `forget` once it is committed."""
        row.removed_at = utc_now()
        session.flush()

    def forget(self, file_id: UUID) -> None:
        """The bytes are gone for good."""
        for path in (self._path(file_id), self._thumb(file_id)):
            with suppress(FileNotFoundError):
                path.unlink()

    def _demand_room(self, session: ScopedSession, owner: Owner, size: int) -> None:
        if len(self.listed(session, owner)) >= MOST:
            raise ConflictError(_MANY.format(n=MOST))
        used = select(func.sum(StoredFile.size)).where(StoredFile.removed_at.is_(None))
        if (session.scalar(used) or 0) + size > QUOTA_BYTES:
            raise ConflictError(_FULL.format(n=QUOTA_BYTES >> 30))

    def _path(self, file_id: UUID) -> Path:
        return self._folder / file_id.hex[-2:] / file_id.hex

    def _thumb(self, file_id: UUID) -> Path:
        return self._path(file_id).with_suffix(".thumb")

    def _write(self, path: Path, data: bytes) -> None:
        """On disk for certain before a row can name it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

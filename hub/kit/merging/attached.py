"""Photos, documents and comments go with a record that is merged, and come back with its undo.

What moved is a row of `changes` in the batch of the merge, which no record's history shows.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.kit.asker import asker_of
from hub.kit.comments.models import Comment
from hub.kit.files.models import StoredFile
from hub.kit.records.log import ChangeLog, note
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

MOVED = "merge_attached"


def move(session: ScopedSession, gone: Record, keep: Record, batch_id: UUID) -> None:
    """All that hangs on one record hangs on the other from now on."""
    files = _files(session, StoredFile.owner_id == gone.id)
    files = [one for one in files if one.owner_type == gone.__tablename__]
    said = session.scalars(select(Comment).where(Comment.record_id == gone.id)).all()
    _hang(files, said, keep.id)
    session.flush()
    if not files and not said:
        return
    moved: dict[str, Any] = {
        "files": [None, [str(one.id) for one in files]],
        "comments": [None, [str(one.id) for one in said]],
        "from": [None, str(gone.id)],
    }
    connection = session.bare_connection()
    about = {"chain_id": session.scope.chain_id, "record_type": gone.__tablename__}
    note(connection, MOVED, asker_of(session), **about, values=moved, batch_id=batch_id)


def move_back(session: ScopedSession, step: ChangeLog) -> None:
    """What one such row tells of; what was withdrawn meanwhile stays withdrawn."""
    told = {name: pair[1] for name, pair in step.values.items()}
    files = _files(session, StoredFile.id.in_([UUID(one) for one in told["files"]]))
    wanted = Comment.id.in_([UUID(one) for one in told["comments"]])
    _hang(files, session.scalars(select(Comment).where(wanted)).all(), UUID(told["from"]))
    session.flush()


def _files(session: ScopedSession, which: Any) -> Sequence[StoredFile]:
    return session.scalars(select(StoredFile).where(which)).all()


def _hang(files: Sequence[StoredFile], said: Sequence[Comment], record_id: UUID) -> None:
    for file in files:
        file.owner_id = record_id
    for comment in said:
        comment.record_id = record_id

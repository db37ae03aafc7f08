"""Comments as people use them: said on a record, read there, and found by those they name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from hub.errors import InvalidError, NotFoundError, T
from hub.kit.asker import asker_of
from hub.kit.clock import utc_now
from hub.kit.comments.models import TEXT_MAX, Comment, Mention
from hub.kit.records.access import load
from hub.kit.records.schemas import SOME_WRONG
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

SHOWN = 100
MENTIONED_MAX = 20
_EMPTY = T("请写点什么，不超过 2000 字。", "Write something, up to 2,000 letters.")
_MANY = T("一次最多提到 20 人。", "Name up to 20 people at once.")
_NONE = T("没有这条评论。", "There is no such comment.")


@dataclass(frozen=True, slots=True)
class Said:
    """A comment with those it names."""

    comment: Comment
    mentions: Sequence[Mention]


def say(
    session: ScopedSession,
    model: type[Record],
    record_id: UUID,
    text: str,
    named: Mapping[UUID, str],
) -> Comment:
    """Comment on a record that the asker may read; `named` are colleagues by id, with names."""
    load(session, model, record_id)
    asker, plain = asker_of(session), text.replace("\r\n", "\n").strip()
    if not plain or len(plain) > TEXT_MAX:
        raise InvalidError(SOME_WRONG, {"text": _EMPTY})
    if len(named) > MENTIONED_MAX:
        raise InvalidError(SOME_WRONG, {"named": _MANY})
    if asker.user_id is None:
        raise NotFoundError(_NONE)
    comment = Comment(
        record_type=model.__tablename__,
        record_id=record_id,
        author_id=asker.user_id,
        author_name=asker.name,
        text=plain,
    )
    session.add(comment)
    session.flush()
    others = {user_id: name for user_id, name in named.items() if user_id != asker.user_id}
    session.add_all(
        Mention(comment_id=comment.id, user_id=user_id, name=name)
        for user_id, name in others.items()
    )
    session.flush()
    return comment


def comments(session: ScopedSession, model: type[Record], record_id: UUID) -> list[Said]:
    """The newest SHOWN, the oldest of them first; NotFoundError as for the record itself."""
    load(session, model, record_id)
    query = select(Comment).where(
        Comment.record_id == record_id, Comment.record_type == model.__tablename__
    )
    query = query.order_by(Comment.created_at.desc(), Comment.id.desc()).limit(SHOWN)
    found = list(reversed(session.scalars(query).all()))
    ids = [one.id for one in found]
    named = session.scalars(select(Mention).where(Mention.comment_id.in_(ids))).all()
    return [Said(one, [m for m in named if m.comment_id == one.id]) for one in found]


def withdraw(session: ScopedSession, comment_id: UUID) -> Comment:
    """By its author alone."""
    comment = session.get(Comment, comment_id)
    if comment is None or comment.author_id != asker_of(session).user_id:
        raise NotFoundError(_NONE)
    for mention in session.scalars(select(Mention).where(Mention.comment_id == comment_id)):
        session.delete(mention)
    session.flush()
    session.delete(comment)
    session.flush()
    return comment


def my_mentions(session: ScopedSession) -> list[tuple[Mention, Comment]]:
    """Where the asker is named, the newest first."""
    me = asker_of(session).user_id
    query = select(Mention, Comment).join(Comment, Mention.comment_id == Comment.id)
    query = query.where(Mention.user_id == me).order_by(Comment.created_at.desc()).limit(SHOWN)
    return [(mention, comment) for mention, comment in session.execute(query)]


def unread(session: ScopedSession) -> int:
    """How many mentions of the asker are unread."""
    me = asker_of(session).user_id
    query = select(func.count(Mention.comment_id))
    return session.scalar(query.where(Mention.user_id == me, Mention.read_at.is_(None))) or 0


def mark_read(session: ScopedSession, comment_id: UUID) -> Comment:
    """Give the receipt; the comment, to go to its record."""
    mention = session.get(Mention, (comment_id, asker_of(session).user_id))
    comment = session.get(Comment, comment_id)
    if mention is None or comment is None:
        raise NotFoundError(_NONE)
    mention.read_at = mention.read_at or utc_now()
    session.flush()
    return comment

"""Feedback as everybody gives it: said on a page, followed to its answer, ideas joined."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from hub.archive.feedback.records import FeedbackKind, FeedbackVote, UserFeedback
from hub.errors import InvalidError, NotFoundError, T
from hub.kit.asker import asker_of
from hub.kit.records.apply import Change, apply
from hub.kit.session import ScopedSession

SHOWN = 100
SUMMARY_MAX = 80
TEXT_MAX = 4000
ANSWER_WITHIN = {FeedbackKind.PROBLEM: 1, FeedbackKind.QUESTION: 2, FeedbackKind.IDEA: 10}
"""Working days until somebody answers."""
_EMPTY = T("请写一句话，不超过 4000 字。", "Write a sentence, up to 4,000 letters.")
_NONE = T("没有这条建议。", "There is no such idea.")


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody says, and where they were."""

    kind: FeedbackKind
    text: str
    page: str
    browser: str
    release: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page: the report, how many want it, and whether the asker is one of them."""

    report: UserFeedback
    votes: int
    is_mine: bool
    is_joined: bool


def say(session: ScopedSession, report: Report, today: date) -> UserFeedback:
    """Everybody may; the session's asker is named as who said it and needs no right."""
    text = report.text.replace("\r\n", "\n").strip()
    if not text or len(text) > TEXT_MAX:
        raise InvalidError(_EMPTY, {"text": _EMPTY})
    first = text.splitlines()[0]
    is_short = len(first) <= SUMMARY_MAX
    values = {
        "summary": first if is_short else first[: SUMMARY_MAX - 1] + "…",
        "kind": report.kind,
        "wording": text,
        "answer_by": working_day_after(today, ANSWER_WITHIN[report.kind]),
        "from_id": asker_of(session).user_id,
        "page": report.page[:300] or None,
        "browser": report.browser[:80] or None,
        "release": report.release[:40] or None,
    }
    return apply(session, UserFeedback, Change(values=values))


def lines(session: ScopedSession) -> Sequence[Line]:
    """The asker's own reports, and everybody's ideas; the newest first."""
    me = asker_of(session).user_id
    mine: ColumnElement[bool] = UserFeedback.from_id == me
    shown = or_(mine, UserFeedback.kind == FeedbackKind.IDEA)
    query = select(UserFeedback).where(shown, UserFeedback.archived_at.is_(None))
    found = session.scalars(query.order_by(UserFeedback.id.desc()).limit(SHOWN)).all()
    ids = [one.id for one in found]
    voted = FeedbackVote.feedback_id.in_(ids)
    counted = select(FeedbackVote.feedback_id, func.count(FeedbackVote.user_id))
    votes = dict(session.execute(counted.where(voted).group_by(FeedbackVote.feedback_id)).all())
    own = select(FeedbackVote.feedback_id).where(voted, FeedbackVote.user_id == me)
    joined = set(session.scalars(own))
    return [Line(one, votes.get(one.id, 0), one.from_id == me, one.id in joined) for one in found]


def join(session: ScopedSession, feedback_id: UUID) -> None:
    """Want an idea of somebody else too, or no longer."""
    me = asker_of(session).user_id
    report = session.get(UserFeedback, feedback_id)
    if me is None or report is None or report.kind is not FeedbackKind.IDEA or report.from_id == me:
        raise NotFoundError(_NONE)
    kept = session.get(FeedbackVote, (feedback_id, me))
    if kept:
        session.delete(kept)
    else:
        session.add(FeedbackVote(feedback_id=feedback_id, user_id=me))
    session.flush()


def working_day_after(day: date, days: int) -> date:
    """Monday to Friday count."""
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day

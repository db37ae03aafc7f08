"""What people who work with the hub say about it: problems, questions, ideas (UX-06, UX-17)."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hub.errors import T
from hub.kit.db import Base, ChainScoped, Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    LIST,
    SEARCH,
    TITLE,
    Choice,
    choice,
    day,
    long_text,
    reference,
    text,
)


class FeedbackKind(Choice):
    PROBLEM = "problem", "问题", "Problem"
    QUESTION = "question", "疑问", "Question"
    IDEA = "idea", "建议", "Idea"


class FeedbackState(Choice):
    NEW = "new", "已收到", "Received"
    WORKING = "working", "处理中", "In work"
    DONE = "done", "已完成", "Done"
    DECLINED = "declined", "不采纳", "Declined"


class UserFeedback(Record):
    """One report, with the page it was written on."""

    __tablename__ = "user_feedback"
    __record__ = RecordType(
        label=T("使用反馈", "User feedback"),
        one=T("使用反馈", "Feedback"),
        rights="user_feedback",
        order="answer_by",
        start=T(
            "还没有人写反馈。每个页面都可以写：自己的名字 › 反馈。",
            "Nobody has written yet. On every page: your name › Feedback.",
        ),
    )

    summary: Mapped[str] = text("摘要", "Summary", LIST | SEARCH | TITLE, max=80)
    kind: Mapped[FeedbackKind] = choice(
        "类别", "Kind", FeedbackKind, LIST | FILTER, default=FeedbackKind.PROBLEM
    )
    state: Mapped[FeedbackState] = choice(
        "状态", "State", FeedbackState, LIST | FILTER, default=FeedbackState.NEW
    )
    answer_by: Mapped[date | None] = day("应答复日期", "Answer by", LIST | FILTER)
    answer: Mapped[str | None] = long_text("答复", "Answer")
    released_in: Mapped[str | None] = text("发布于版本", "Released in", LIST, max=40)
    wording: Mapped[str | None] = long_text("原文", "In full")
    from_id: Mapped[UUID | None] = reference("提出人", "From", "users", LIST | FILTER)
    page: Mapped[str | None] = text("页面", "Page", LIST, max=300)
    browser: Mapped[str | None] = text("浏览器", "Browser", ADVANCED, max=80)
    release: Mapped[str | None] = text("当时版本", "Release then", ADVANCED, max=40)


class FeedbackVote(ChainScoped, Base):
    """Somebody else who wants the same."""

    __tablename__ = "user_feedback_votes"

    feedback_id: Mapped[UUID] = mapped_column(ForeignKey("user_feedback.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)

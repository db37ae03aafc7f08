"""What a person asked of the chain under the law, and until when it is answered (SEC-27)."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, Session

from hub.archive.feedback.service import working_day_after
from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.db import Record
from hub.kit.records.declare import Computed, RecordAction, RecordType
from hub.kit.records.kinds import (
    FILTER,
    LIST,
    READONLY,
    SEARCH,
    TITLE,
    Choice,
    choice,
    day,
    long_text,
    reference,
    text,
)

WORKING_DAYS = 15


class RequestKind(Choice):
    COPY = "copy", "查阅、复制", "A copy"
    CORRECT = "correct", "更正", "Correction"
    ERASE = "erase", "删除", "Erasure"
    WITHDRAW = "withdraw", "撤回同意", "Consent taken back"
    EXPLAIN = "explain", "解释说明", "Explanation"


class RequestState(Choice):
    OPEN = "open", "待办", "Open"
    DONE = "done", "已办结", "Done"
    REFUSED = "refused", "已拒绝", "Refused"


def answered(_: Session, __: "PersonRequest") -> Mapping[str, Any]:
    return {"answered_on": utc_now().date()}


class PersonRequest(Record):
    """One request; it is reminded of before its days are over, and answered or refused."""

    __tablename__ = "person_requests"
    __record__ = RecordType(
        label=T("个人信息请求", "Requests of persons"),
        one=T("个人信息请求", "Request of a person"),
        rights="privacy",
        order="received_on",
        start=T(
            "顾客要副本、更正或删除时，在他的“授权与个人信息”页登记。",
            "When customers ask for a copy or erasure, note it on their privacy page.",
        ),
        computed=(Computed("days_left", T("剩余天数", "Days left"), T("天", "days")),),
        state="state",
        actions=(
            RecordAction["PersonRequest"](
                "answer",
                T("办结", "Answered"),
                frozenset({RequestState.OPEN}),
                RequestState.DONE,
                answered,
            ),
            RecordAction["PersonRequest"](
                "refuse",
                T("拒绝", "Refuse"),
                frozenset({RequestState.OPEN}),
                RequestState.REFUSED,
                answered,
                is_final=True,
            ),
        ),
    )

    wording: Mapped[str] = text("请求内容", "In their words", LIST | SEARCH | TITLE, max=120)
    customer_id: Mapped[UUID] = reference("顾客", "Customer", "customers", LIST | FILTER)
    kind: Mapped[RequestKind] = choice("请求", "Asked for", RequestKind, LIST | FILTER)
    state: Mapped[RequestState] = choice(
        "状态", "State", RequestState, LIST | FILTER | READONLY, default=RequestState.OPEN
    )
    received_on: Mapped[date] = day("收到日期", "Received on", LIST | FILTER)
    answered_on: Mapped[date | None] = day("办结日期", "Answered on", LIST | READONLY)
    identity_by: Mapped[str | None] = text("怎样核对身份", "Identity checked by", max=120)
    answer: Mapped[str | None] = long_text("答复或拒绝的理由", "Answer, or why it is refused")

    @property
    def due_on(self) -> date:
        return due(self.received_on)

    @property
    def days_left(self) -> int | None:
        """None once it is answered."""
        return (self.due_on - utc_now().date()).days if self.state is RequestState.OPEN else None

    def problems(self) -> Iterator[tuple[str, T]]:
        if self.received_on > utc_now().date() + timedelta(days=1):
            yield "received_on", T("收到日期在将来。", "It was received in the future.")


def due(received_on: date) -> date:
    """The fifteenth working day after it came; holidays count as work, so it is never late."""
    return working_day_after(received_on, WORKING_DAYS)

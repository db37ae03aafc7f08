"""Health profiles of customers, and the codes that profiles and products speak in (CUS-08, PRD-11).

What a profile says is sealed under the person's own key; the codes alone are common knowledge.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.archive.health import codes
from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    UNIQUE,
    Choice,
    choice,
    day,
    long_text,
    reference,
    secret,
    text,
)
from hub.kit.records.sealed import Secret
from hub.kit.records.search import Searchable
from hub.security.privacy.consent import HEALTH


class ConditionKind(Choice):
    CONDITION = "condition", "健康状况", "Condition"
    ALLERGY = "allergy", "过敏", "Allergy"


class Condition(Searchable, Record):
    """A condition or allergy with its code, kept by those who know."""

    __tablename__ = "conditions"
    __record__ = RecordType(
        label=T("健康状况编码", "Condition codes"),
        one=T("健康状况编码", "Condition code"),
        rights="conditions",
        order="code",
        start=T("先登记编码，再建健康档案。", "Register codes first, then profiles."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=40, check=codes.code_problem)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    kind: Mapped[ConditionKind] = choice(
        "类别", "Kind", ConditionKind, LIST | FILTER, default=ConditionKind.CONDITION
    )
    advice: Mapped[str | None] = long_text("建议（非医疗）", "Advice (not medical)")


class HealthProfile(Record):
    """What staff must know so that a service does no harm; no administrator reads it."""

    __tablename__ = "health_profiles"
    __record__ = RecordType(
        label=T("健康档案", "Health profiles"),
        one=T("健康档案", "Health profile"),
        rights="health_profiles",
        order="code",
        start=T("征得顾客同意后，登记第一份。", "With the customer's consent, add the first."),
        is_open=True,
        subject="customer_id",
        own="customer_id",
    )

    # The database itself keeps no row without a live consent, and none after its withdrawal.
    __table_args__ = (
        ForeignKeyConstraint(
            ["customer_id", "consent_purpose"],
            ["live_consents.subject_id", "live_consents.purpose"],
            name="fk_health_profiles_live_consent",
            ondelete="CASCADE",
        ),
        CheckConstraint(
            "coalesce(consent_purpose, '') = 'health' OR archived_at IS NOT NULL",
            name="needs_consent",
        ),
    )

    consent_purpose: Mapped[str | None] = mapped_column(default=HEALTH)
    code: Mapped[str] = text("档案号", "Profile no.", LIST | SEARCH | KEY | TITLE, max=30)
    customer_id: Mapped[UUID] = reference("顾客", "Customer", "customers", LIST | FILTER | UNIQUE)
    consent_on: Mapped[date] = day("同意日期", "Consent given on", LIST)
    conditions: Mapped[Secret | None] = secret(
        "健康状况编码", "Condition codes", max=400, hint=codes.HINT
    )
    allergies: Mapped[Secret | None] = secret("过敏编码", "Allergy codes", max=400, hint=codes.HINT)
    history: Mapped[Secret | None] = secret("病史", "Medical history", max=4000)
    notes: Mapped[Secret | None] = secret("备注", "Notes", max=4000)

    def secret_problems(
        self, session: Session, plain: Mapping[str, str | None]
    ) -> Iterator[tuple[str, T]]:
        for name in ("conditions", "allergies"):
            if text_given := plain.get(name):
                yield from ((name, problem) for problem in _unknown(session, text_given))


def _unknown(session: Session, typed: str) -> Iterator[T]:
    given = set(codes.split(typed))
    if missing := given - codes.known(session, Condition, given):
        words = ", ".join(sorted(missing))
        yield T(f"没有这些编码：{words}", f"There are no such codes: {words}")

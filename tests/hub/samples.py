"""One plain record of any record type, made from its declaration; it bears the word it is given."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hub.archive.catalogue import RECORD_TYPES
from hub.detection.findings import Rule
from hub.kit.db import Record, ScopedSession
from hub.kit.ids import uuid7
from hub.kit.records.apply import Change, apply
from hub.kit.records.declare import Field, fields_of, shown, written_fields
from hub.kit.records.kinds import Kind, Show
from hub.security.privacy.consent import HEALTH
from hub.security.privacy.models import Consent, ConsentNotice, LiveConsent

BY_HAND = frozenset(
    {
        "chains",
        "regions",
        "stores",
        "areas",
        "equipment",
        "suppliers",
        "product_categories",
        "products",
    }
)
"""Types of which the chain under test has its own."""
_VALUES: dict[Kind, Any] = {
    Kind.WHOLE: 1,
    Kind.NUMBER: 1.0,
    Kind.MONEY: 100,
    Kind.MILLI: 1000,
    Kind.YES_NO: True,
    Kind.LABELS: ["one"],
}


_WORDS: dict[tuple[str, str], Sequence[str]] = {
    ("alert_limits", "metric"): ["humidity_percent"],
    ("alert_rules", "condition"): ["air_temperature_c > 8"],
    ("conditions", "code"): [f"condition_{n}" for n in range(1000)],
    ("playbook_entries", "rule"): [rule.value for rule in Rule],
    ("scale_layouts", "prefix"): [f"{n:02}" for n in range(20, 30)],
    ("webhooks", "url"): ["https://receiver.example/hook"],
}
"""Values of texts that only take certain words."""
_BESIDE: dict[str, dict[str, Any]] = {
    "alert_limits": {"high": 99.0},
    "promotions": {"off_percent": 10},
    "maintenance_plans": {"every_days": 90, "for_type": "cabinet"},
}
"""What the rules of a type ask for beside its required fields, by table."""


def values_for(
    model: type[Record], word: str, known: Mapping[str, UUID], *, number: int = 0
) -> dict[str, Any]:
    """What such a record must have; `known` are the records that it may refer to, by table."""
    asked = {f.name: f for f in shown(model, Show.TITLE)}
    asked |= {name: field for name, field in written_fields(model).items() if field.is_required}
    values = {name: _value(field, word, known, number) for name, field in asked.items()}
    return values | _BESIDE.get(model.__tablename__, {})


def _value(field: Field, word: str, known: Mapping[str, UUID], number: int) -> Any:
    table = field.attribute.class_.__tablename__
    if words := _WORDS.get((table, field.name)):
        return words[number % len(words)]
    match field.spec.kind:
        case Kind.REFERENCE:
            return known[field.spec.target]
        case Kind.CHOICE if field.spec.choices:
            return next(iter(field.spec.choices))
        case Kind.INSTANT:
            return f"2026-01-0{'12'[field.name == 'ends_at']}T08:00:00Z"
        case Kind.DAY:
            return str(date(2026, 1, 31) + timedelta(days=number))
        case Kind.TEXT if field.spec.check:
            return "".join(c for c in word if c.isalpha()) + (str(number) if number else "")
        case Kind.TEXT | Kind.LONG_TEXT:
            return (word + (f"-{number}" if number else ""))[-int(field.spec.max or 20) :]
        case kind:
            return _VALUES[kind]


def types(*, of_stores: bool) -> Iterator[type[Record]]:
    """Types that belong to stores, or to the chain, those that others refer to first."""
    left = [m for m in RECORD_TYPES if m.__tablename__ not in BY_HAND]
    while left:
        waiting = {m.__tablename__ for m in left}
        ready = [m for m in left if not (needed(m) & waiting - {m.__tablename__})]
        yield from (m for m in ready if ("store_id" in fields_of(m)) is of_stores)
        left = [m for m in left if m not in ready]


def needed(model: type[Record]) -> set[str]:
    """Tables that such a record must refer to."""
    fields = written_fields(model).values()
    return {f.spec.target for f in fields if f.spec.kind is Kind.REFERENCE and f.is_required}


def agree(session: ScopedSession, customer_id: UUID) -> None:
    """The customer's own consent to health data, without which the database keeps none."""
    notice = ConsentNotice(
        id=uuid7(), purpose=f"of {customer_id}", version=1, text_zh="x", text_en="x", sha256="0"
    )
    kept = {"notice_id": notice.id, "notice_sha256": "0", "channel": "paper", "purpose": HEALTH}
    consent = Consent(id=uuid7(), subject_id=customer_id, **kept)
    live = LiveConsent(subject_id=customer_id, purpose=HEALTH, consent_id=consent.id)
    for row in (notice, consent, live):
        session.add(row)
        session.flush()


def make_all(
    session: ScopedSession, word: str, known: Mapping[str, UUID], *, of_stores: bool
) -> dict[str, UUID]:
    """One record of each type, by table; with `of_stores` those of the store `known["stores"]`."""
    made = dict(known)
    for model in types(of_stores=of_stores):
        values = values_for(model, f"{word}-{model.__tablename__[:9]}", made)
        if model.__tablename__ == "health_profiles":
            agree(session, made["customers"])
        made[model.__tablename__] = apply(session, model, Change(values=values)).id
    return made

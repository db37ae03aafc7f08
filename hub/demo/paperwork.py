"""Whom the demo chain deals with and who works there: simulated, no real person is meant."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hub.archive.competitors.records import Competitor, CompetitorPrice
from hub.archive.contracts.records import Contract, ContractKind
from hub.archive.customers.records import Customer, CustomerClass, Gender, Member, MemberTier
from hub.archive.documents.records import Document, DocumentKind
from hub.archive.policies.records import Policy
from hub.archive.staff.records import Certificate, Employee, Post, Skill
from hub.archive.suppliers.records import Standing, Supplier
from hub.kit.clock import utc_now
from hub.kit.db import Record, ScopedSession
from hub.kit.records.apply import Change, apply

SIMULATED = "模拟数据"
_SUPPLIERS = (
    ("S001", "华东饮品配送", Standing.PREFERRED, ["饮料", "水"], 2, 30),
    ("S002", "申城乳品", Standing.PREFERRED, ["乳品", "冷藏"], 1, 15),
    ("S003", "江南食品商贸", Standing.APPROVED, ["零食", "方便食品"], 3, 45),
    ("S004", "晨光鲜食中央厨房", Standing.PREFERRED, ["鲜食"], 1, 7),
    ("S005", "极地冷冻食品", Standing.APPROVED, ["冷冻"], 2, 30),
    ("S006", "家洁日化", Standing.TRIAL, ["日化", "纸品"], 5, 60),
)
_POSTS = (("SM", "店长", 1), ("CL", "店员", 4), ("CS", "收银员", 2), ("ST", "理货员", 1))
_SKILLS = (("POS", "收银"), ("HOT", "鲜食制作"), ("COLD", "冷柜除霜"), ("COUNT", "盘点"))
_STAFF = (
    ("店长甲", "SM"),
    ("店员甲", "CL"),
    ("店员乙", "CL"),
    ("收银员甲", "CS"),
    ("理货员甲", "ST"),
)
_TIERS = (("T1", "普通卡", 1, 0, 100), ("T2", "银卡", 2, 1000, 120), ("T3", "金卡", 3, 5000, 150))
_CUSTOMERS = 24
_FOOD_SAFETY = (
    "冷藏柜温度高于 8 °C 超过 30 分钟，柜内鲜食一律下架并登记。\n临期商品在到期前一天下架。"
)


def add_paperwork(session: ScopedSession, store_ids: Sequence[UUID]) -> None:
    """Everything of the chain itself, and of each store what it needs beside its equipment."""
    suppliers = {code: _supplier(session, row) for row in _SUPPLIERS for code in (row[0],)}
    _contracts(session, suppliers, store_ids)
    _customers(session, store_ids)
    posts = {
        code: _made(session, Post, code=code, name=name, planned_count=count)
        for code, name, count in _POSTS
    }
    skills = [_made(session, Skill, code=code, name=name) for code, name in _SKILLS]
    for number, store_id in enumerate(store_ids, 1):
        _staff(session, store_id, number, posts, skills)
        _papers(session, store_id, number)
        _rivals(session, store_id, number)
    _made(
        session,
        Policy,
        code="P-01",
        title="食品安全与临期处理",
        applies_to=["店长", "店员"],
        valid_from=_ago(400),
        wording=_FOOD_SAFETY,
    )


def _made(session: ScopedSession, model: type[Record], **values: Any) -> UUID:
    return apply(session, model, Change(values=values, reason=SIMULATED)).id


def _ago(days: int) -> date:
    return utc_now().date() - timedelta(days=days)


def _supplier(session: ScopedSession, row: tuple[str, str, Standing, list[str], int, int]) -> UUID:
    code, name, standing, kinds, lead, term = row
    number = int(code[1:])
    return _made(
        session,
        Supplier,
        code=code,
        name=name,
        standing=standing,
        product_kinds=kinds,
        contact="业务联系人",
        phone=f"021-5550{number:04d}",
        since=_ago(300 * number + 200),
        lead_time_days=lead,
        payment_days=term,
        notes=SIMULATED,
        contacts=[{"name": "送货调度", "duty": "配送", "phone": f"021-5551{number:04d}"}],
    )


def _contracts(
    session: ScopedSession, suppliers: Mapping[str, UUID], store_ids: Sequence[UUID]
) -> None:
    """None ends within sixty days: the demo begins without an alert."""
    for number, (code, supplier) in enumerate(suppliers.items()):
        _made(
            session,
            Contract,
            number=f"HT-{code}",
            title=f"{_SUPPLIERS[number][1]}年度供货合同",
            supplier_id=supplier,
            signed_on=_ago(340 - 20 * number),
            valid_from=_ago(335 - 20 * number),
            valid_until=_ago(-(70 + 55 * number)),
            stores=list(store_ids)[:200],
        )
    _made(
        session,
        Contract,
        number="HT-R01",
        title="首店房屋租赁合同",
        kind=ContractKind.RENT,
        valid_from=_ago(900),
        valid_until=_ago(-190),
        stores=[store_ids[0]],
    )


def _customers(session: ScopedSession, store_ids: Sequence[UUID]) -> None:
    regular = _made(session, CustomerClass, code="A", name="常客", discount_percent=5)
    tiers = [
        _made(session, MemberTier, code=c, name=n, rank=r, from_points=p, points_percent=x)
        for c, n, r, p, x in _TIERS
    ]
    for number in range(1, _CUSTOMERS + 1):
        customer = _made(
            session,
            Customer,
            name=f"顾客{number:02d}",
            phone=f"1990000{number:04d}",
            gender=(Gender.FEMALE, Gender.MALE)[number % 2],
            born_on=date(1975 + number, 1 + number % 12, 1 + number),
            class_id=regular if number % 3 == 0 else None,
            home_store_id=store_ids[number % len(store_ids)],
            consented_on=_ago(10 * number),
            tags=[SIMULATED],
        )
        if number % 2 == 0:
            card, tier = f"88{number:06d}", tiers[number % len(tiers)]
            _made(session, Member, number=card, customer_id=customer, tier_id=tier)


def _staff(
    session: ScopedSession,
    store_id: UUID,
    number: int,
    posts: Mapping[str, UUID],
    skills: Sequence[UUID],
) -> None:
    for place, (name, post) in enumerate(_STAFF, 1):
        employee = _made(
            session,
            Employee,
            store_id=store_id,
            code=f"E{number:03d}{place:02d}",
            name=name,
            post_id=posts[post],
            phone=f"1980{number:03d}{place:04d}",
            hired_on=_ago(180 * place + 30 * number),
            skills=[skills[place % len(skills)]],
        )
        _made(
            session,
            Certificate,
            store_id=store_id,
            employee_id=employee,
            name="健康证",
            number=f"JK{number:03d}{place:02d}",
            issued_on=_ago(330 - 40 * place),
            valid_until=_ago(-(70 + 40 * place)),
        )


def _papers(session: ScopedSession, store_id: UUID, number: int) -> None:
    rows = (
        (DocumentKind.LICENCE, "营业执照", -2000),
        (DocumentKind.FOOD, "食品经营许可证", -(70 + 30 * number)),
        (DocumentKind.FIRE, "消防安全检查合格证", -400),
    )
    for kind, title, until in rows:
        _made(
            session,
            Document,
            store_id=store_id,
            title=title,
            kind=kind,
            number=f"{kind.value[:2].upper()}{number:05d}",
            issued_on=_ago(700),
            valid_until=_ago(until),
        )


def _rivals(session: ScopedSession, store_id: UUID, number: int) -> None:
    rival = _made(
        session,
        Competitor,
        store_id=store_id,
        name=f"邻街便利店{number}",
        distance_m=120 + 35 * number,
        strengths="早餐品类多",
        weaknesses="夜间不营业",
    )
    for place, name in enumerate(("矿泉水 550 ml", "鲜牛奶 950 ml", "鸡肉三明治")):
        _made(
            session,
            CompetitorPrice,
            store_id=store_id,
            competitor_id=rival,
            name=name,
            price_minor=290 + 60 * place,
            promotion="第二件半价" if place == 0 else None,
            seen_on=_ago(3 + place),
        )

"""The roles that exist from the first day, and what they may do: seeds of rows, never asked later.

A right is `<subject>.<action>`. Subjects are record types and the hub's other nouns; actions are
read, create, update, archive, and what a record type adds: cost, personal, reveal, send and others.
is opened.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hub.errors import T
from hub.kit.db import ScopedSession
from hub.kit.ids import uuid7
from hub.security.models import Role, RoleRight

PLACES = ("chains", "regions", "stores", "areas", "equipment", "equipment_types")
BUYING = ("suppliers", "products")
TRADE = ("purchase_orders", "contracts")
PEOPLE = ("employees", "posts")
CLIENTS = ("customers", "membership", "conditions")
RULES = ("teams", "policies")
ARCHIVE_ALL = (*BUYING, *TRADE, *PEOPLE, *CLIENTS, *RULES, "documents", "competitors", "partners")
BUSINESS = ("sales", "footfall")
WATCH = (
    "readings",
    "alerts",
    "work_orders",
    "playbooks",
    "on_call",
    "alert_rules",
    "maintenance_plans",
)
CARE = (
    "playbooks",
    "alert_rules",
    "maintenance_plans",
    "notice_routes",
    "notice_channels",
    "on_call",
)
READ, CREATE, UPDATE, ARCHIVE = "read", "create", "update", "archive"
KEEP = (READ, CREATE, UPDATE, ARCHIVE)
COST, PERSONAL, REVEAL = "cost", "personal", "reveal"
COSTS = ("suppliers", "products", "contracts", "partners", "equipment", "equipment_types")
ORDERING = ("send", "receive", "cancel")
COUNTING = ("start", "review", "recount")
COUNTED = (*COUNTING, "post", "cancel")
PROMOTING = ("publish", "end")
BALANCING = ("post", "take_back")
ANSWERING = ("answer", "refuse")
HANDLING = ("passed", "failed", "contained", "close")
DECIDING = ("renew", "renegotiate", "end", "reopen")


@dataclass(frozen=True, slots=True)
class Seed:
    """One role: its code, its name and its rights."""

    code: str
    name: T
    rights: frozenset[str]


def _may(subjects: Iterable[str], *actions: str) -> frozenset[str]:
    return frozenset(f"{subject}.{action}" for subject in subjects for action in actions)


_SEEDS = (
    Seed(
        "admin",
        T("管理员", "Admin"),
        _may(("regions", "stores", "areas", "equipment", "equipment_types"), *KEEP)
        | _may(("users", "roles", "agents", "stock", "user_feedback", *ARCHIVE_ALL), *KEEP)
        | _may(COSTS, COST)
        | _may(("purchase_orders",), *ORDERING)
        | _may(("stocktakes",), *KEEP, *COUNTED)
        | _may(("opening_balances",), *KEEP, *BALANCING)
        | _may(("contracts",), *DECIDING)
        | _may(("promotions",), *KEEP, *PROMOTING)
        | _may(("chains",), READ, UPDATE)
        | _may(("readings", "alerts", "work_orders", "audit", "metrics"), READ)
        | _may(CARE, *KEEP)
        | _may(("webhooks",), *KEEP, REVEAL)
        | _may(("safety",), *KEEP, *HANDLING)
        | _may(("custom_fields",), *KEEP),
    ),
    Seed(
        "hq_manager",
        T("总部经理", "HQ manager"),
        _may(("regions", "stores", "areas", "equipment", "equipment_types", "work_orders"), *KEEP)
        | _may((*ARCHIVE_ALL, "stock"), *KEEP)
        | _may(COSTS, COST)
        | _may(("customers", "employees", "partners"), PERSONAL)
        | _may(("purchase_orders",), *ORDERING)
        | _may(("stocktakes",), *KEEP, *COUNTED)
        | _may(("opening_balances",), *KEEP, *BALANCING)
        | _may(("contracts",), *DECIDING)
        | _may(("chains", "users", "agents", *BUSINESS, "readings", "alerts"), READ)
        | _may(("user_feedback",), READ, UPDATE)
        | _may(("chains", "alerts"), UPDATE)
        | _may(CARE, *KEEP)
        | _may(("promotions",), *KEEP, *PROMOTING)
        | _may(("sales",), CREATE),
    ),
    Seed(
        "hq_analyst",
        T("总部分析员", "HQ analyst"),
        _may((*PLACES, *BUSINESS, *WATCH, *BUYING, *TRADE, "competitors", "membership"), READ)
        | _may(("stock", "stocktakes", "promotions", "opening_balances"), READ)
        | _may(("suppliers", "products", "contracts", "equipment", "equipment_types"), COST),
    ),
    Seed(
        "region_manager",
        T("区域经理", "Region manager"),
        _may(("areas", "equipment", "work_orders", "documents", "competitors"), *KEEP)
        | _may((*PLACES, *BUSINESS, "readings", "alerts", "agents", *BUYING, *TRADE), READ)
        | _may(
            (*PEOPLE, *CLIENTS, *RULES, "stock", "stocktakes", "promotions", "opening_balances"),
            READ,
        )
        | _may(("stores", "alerts"), UPDATE)
        | _may(("employees",), PERSONAL)
        | _may(("equipment",), COST),
    ),
    Seed(
        "store_manager",
        T("店长", "Store manager"),
        _may(("areas", "equipment", "work_orders", "documents", "competitors", "stock"), *KEEP)
        | _may((*PLACES, *BUSINESS, "readings", "alerts", "agents"), READ)
        | _may(("stores", "alerts"), UPDATE)
        | _may(
            (*BUYING, *PEOPLE, *CLIENTS, *RULES, "playbooks", "alert_rules", "maintenance_plans"),
            READ,
        )
        | _may(("notice_routes", "on_call", "promotions"), READ)
        | _may(("customers", "employees"), CREATE, UPDATE, PERSONAL)
        | _may(("equipment",), COST)
        | _may(("stocktakes",), *KEEP, *COUNTED)
        | _may(("opening_balances",), *KEEP, *BALANCING)
        | _may(("purchase_orders",), *KEEP, *ORDERING)
        | _may(("sales",), CREATE),
    ),
    Seed(
        "franchisee",
        T("加盟商", "Franchisee"),
        _may(("areas", "equipment", "documents", "employees", "competitors", "stock"), *KEEP)
        | _may(("stocktakes",), *KEEP, *COUNTED)
        | _may(("opening_balances",), *KEEP, *BALANCING)
        | _may((*PLACES, *BUSINESS, *WATCH, "products", "posts", *CLIENTS, *RULES), READ)
        | _may(("promotions",), READ)
        | _may(("customers",), CREATE, UPDATE)
        | _may(("customers", "employees"), PERSONAL)
        | _may(("equipment",), COST)
        | _may(("purchase_orders",), *KEEP, *ORDERING)
        | _may(("sales",), CREATE),
    ),
    Seed(
        "clerk",
        T("店员", "Clerk"),
        _may((*PLACES, "footfall", *WATCH, "products", "stock", "policies", "promotions"), READ)
        | _may(("work_orders",), CREATE)
        | _may(("stocktakes",), READ, UPDATE)
        | _may(("customers",), READ, CREATE, UPDATE),
    ),
    Seed(
        "cashier",
        T("收银员", "Cashier"),
        _may(("chains", "stores", "products", "membership", "policies", "promotions"), READ)
        | _may(("customers",), READ, CREATE, UPDATE)
        | _may(("sales",), CREATE),
    ),
    Seed(
        "stock_keeper",
        T("库管员", "Stock keeper"),
        _may((*PLACES, *BUYING, "purchase_orders", "policies", "stock"), READ)
        | _may(("stock",), CREATE)
        | _may(("stocktakes",), READ, CREATE, UPDATE, *COUNTING)
        | _may(("opening_balances",), READ, CREATE, UPDATE)
        | _may(("purchase_orders",), "receive"),
    ),
    Seed(
        "purchaser",
        T("采购员", "Purchaser"),
        _may((*BUYING, *TRADE, "competitors"), *KEEP)
        | _may((*PLACES, "policies", "stock"), READ)
        | _may(("suppliers", "products", "contracts"), COST)
        | _may(("purchase_orders",), *ORDERING)
        | _may(("contracts",), *DECIDING),
    ),
    Seed(
        "practitioner",
        T("技师", "Practitioner"),
        _may(("chains", "stores", "products", "membership", "conditions", "policies"), READ)
        | _may(("customers", "health_profiles"), READ, CREATE, UPDATE)
        | _may(("customers",), PERSONAL)
        | _may(("health_profiles",), REVEAL),
    ),
    Seed(
        "hr",
        T("人事", "HR"),
        _may(PEOPLE, *KEEP)
        | _may(("employees",), PERSONAL, REVEAL)
        | _may(("chains", "regions", "stores", "documents", *RULES), READ),
    ),
    Seed(
        "finance",
        T("财务", "Finance"),
        _may((*PLACES, *BUSINESS, *BUYING, *TRADE, "partners", "policies"), READ)
        | _may(("stock", "stocktakes", "opening_balances"), READ)
        | _may(COSTS, COST)
        | _may(("suppliers",), REVEAL),
    ),
    Seed(
        "privacy_officer",
        T("隐私负责人", "Privacy officer"),
        _may(("customers", "health_profiles", "employees", "partners", "audit"), READ)
        | _may(("chains", "stores", "conditions", "membership"), READ)
        | _may(("customers",), UPDATE, ARCHIVE, PERSONAL)
        | _may(("privacy",), *KEEP, *ANSWERING)
        | _may(("safety",), READ, CREATE, UPDATE)
        | _may(("policies",), *KEEP),
    ),
    Seed(
        "technician",
        T("维修员", "Technician"),
        _may((*PLACES, *WATCH, "agents", "documents", *RULES), READ)
        | _may(("equipment", "alerts", "work_orders"), UPDATE),
    ),
    Seed(
        "installer",
        T("安装员", "Installer"),
        _may((*PLACES, *WATCH, "agents"), READ)
        | _may(("areas", "equipment", "agents"), CREATE, UPDATE),
    ),
    Seed(
        "auditor",
        T("审计员", "Auditor"),
        _may(
            (*PLACES, *BUSINESS, *WATCH, "stock", "users", "roles", "agents", "audit", "metrics"),
            READ,
        )
        | _may(("stocktakes", "promotions", "opening_balances"), READ)
        | _may((*BUYING, *TRADE, *RULES, "documents", "competitors", "partners"), READ)
        | _may(COSTS, COST),
    ),
)


OWNED = ("customers", "health_profiles")
OWN_ONLY = frozenset({"clerk"})
"""Ordinary staff: they see the customers that they are responsible for (SEC-07)."""


def _of_everybody(seed: Seed) -> Seed:
    """With the right to everybody's customers, where it reads customers and is no ordinary role."""
    wide = {f"{subject}.all" for subject in OWNED if f"{subject}.read" in seed.rights}
    return replace(seed, rights=seed.rights | wide) if seed.code not in OWN_ONLY else seed


SEEDS = tuple(_of_everybody(seed) for seed in _SEEDS)


def seed_roles(session: ScopedSession) -> None:
    """Give the session's chain its roles."""
    for seed in SEEDS:
        role = Role(id=uuid7(), code=seed.code, name_zh=seed.name.zh, name_en=seed.name.en)
        session.add(role)
        session.flush()
        session.add_all(RoleRight(role_id=role.id, right=right) for right in sorted(seed.rights))

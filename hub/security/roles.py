"""The roles that exist from the first day, and what they may do: seeds of rows, never asked later.

A right is `<subject>.<action>`. Subjects are record types and the hub's other nouns; actions are
read, create, update and archive. A chain may change its rows; this table is only read when a chain
is opened.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.errors import T
from hub.kit.db import ScopedSession
from hub.kit.ids import uuid7
from hub.security.models import Role, RoleRight

PLACES = ("chains", "regions", "stores", "areas", "equipment")
BUYING = ("suppliers", "products")
BUSINESS = ("sales", "footfall")
WATCH = ("readings", "alerts", "work_orders", "playbooks", "on_call")
CARE = ("playbooks", "notice_routes", "notice_channels", "on_call")
READ, CREATE, UPDATE, ARCHIVE = "read", "create", "update", "archive"
KEEP = (READ, CREATE, UPDATE, ARCHIVE)


@dataclass(frozen=True, slots=True)
class Seed:
    """One role: its code, its name and its rights."""

    code: str
    name: T
    rights: frozenset[str]


def _may(subjects: Iterable[str], *actions: str) -> frozenset[str]:
    return frozenset(f"{subject}.{action}" for subject in subjects for action in actions)


SEEDS = (
    Seed(
        "admin",
        T("管理员", "Admin"),
        _may(("regions", "stores", "areas", "equipment", "users", "roles", "agents"), *KEEP)
        | _may((*BUYING, "stock"), *KEEP)
        | _may(("chains",), READ, UPDATE)
        | _may(("readings", "alerts", "work_orders", "audit", "metrics"), READ)
        | _may(CARE, *KEEP),
    ),
    Seed(
        "hq_manager",
        T("总部经理", "HQ manager"),
        _may(("regions", "stores", "areas", "equipment", "work_orders", "stock", *BUYING), *KEEP)
        | _may(("chains", "users", "agents", *BUSINESS, "readings", "alerts"), READ)
        | _may(("chains", "alerts"), UPDATE)
        | _may(CARE, *KEEP),
    ),
    Seed(
        "hq_analyst",
        T("总部分析员", "HQ analyst"),
        _may((*PLACES, *BUSINESS, *WATCH, *BUYING, "stock"), READ),
    ),
    Seed(
        "store_manager",
        T("店长", "Store manager"),
        _may(("areas", "equipment", "work_orders", "stock"), *KEEP)
        | _may(("chains", "regions", "stores", *BUSINESS, "readings", "alerts", "agents"), READ)
        | _may(("stores", "alerts"), UPDATE)
        | _may((*BUYING, "playbooks", "notice_routes", "on_call"), READ),
    ),
    Seed(
        "clerk",
        T("店员", "Clerk"),
        _may((*PLACES, "footfall", "stock", "products", *WATCH), READ)
        | _may(("work_orders",), CREATE),
    ),
    Seed(
        "technician",
        T("维修员", "Technician"),
        _may((*PLACES, *WATCH, "agents"), READ)
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
            (
                *PLACES,
                *BUSINESS,
                *WATCH,
                *BUYING,
                "stock",
                "users",
                "roles",
                "agents",
                "audit",
                "metrics",
            ),
            READ,
        ),
    ),
)


def seed_roles(session: ScopedSession) -> None:
    """Give the session's chain its roles."""
    for seed in SEEDS:
        role = Role(id=uuid7(), code=seed.code, name_zh=seed.name.zh, name_en=seed.name.en)
        session.add(role)
        session.flush()
        session.add_all(RoleRight(role_id=role.id, right=right) for right in sorted(seed.rights))

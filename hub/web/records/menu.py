"""The record types as people look for them: in groups, each with what the visitor may read."""

from dataclasses import dataclass

from hub.archive.catalogue import RECORD_TYPES
from hub.errors import T
from hub.kit.records.access import right_of
from hub.kit.records.declare import path_of
from hub.security.actor import Actor
from hub.web.language import Language, say

GROUPS: tuple[tuple[T, tuple[str, ...]], ...] = (
    (
        T("门店", "Stores"),
        ("stores", "areas", "regions", "chains", "holidays", "documents", "policies", "partners"),
    ),
    (
        T("设备", "Equipment"),
        (
            "equipment",
            "equipment-types",
            "spare-parts",
            "store-devices",
            "maintenance-plans",
            "alert-rules",
            "alert-limits",
            "maintenance-windows",
        ),
    ),
    (
        T("人员", "People"),
        (
            "employees",
            "posts",
            "skills",
            "certificates",
            "teams",
            "users",
            "roles",
            "user-feedback",
        ),
    ),
    (
        T("采购", "Buying"),
        ("suppliers", "supplier-items", "contracts", "purchase-orders"),
    ),
    (
        T("商品与服务", "Products and services"),
        (
            *("products", "product-categories", "services", "packages", "price-lists"),
            *("stocktakes", "opening-balances", "scale-layouts"),
        ),
    ),
    (
        T("顾客", "Customers"),
        (
            "customers",
            "members",
            "customer-classes",
            "member-tiers",
            "health-profiles",
            "conditions",
            "person-requests",
        ),
    ),
    (T("市场", "Market"), ("promotions", "competitors", "competitor-prices")),
    (T("安全", "Security"), ("drills", "security-cases")),
    (T("接口", "Interfaces"), ("webhooks",)),
    (T("设置", "Settings"), ("custom-fields",)),
)
OTHER = T("其他", "More")
_GROUP_OF = {path: number for number, (_, paths) in enumerate(GROUPS) for path in paths}


def module_of(path: str) -> str:
    """The part of the archive that a type belongs to, by the first type of it."""
    number = _GROUP_OF.get(path)
    return GROUPS[number][1][0] if number is not None else path


@dataclass(frozen=True, slots=True)
class Group:
    """A heading and its record types as (path, label)."""

    label: str
    types: list[tuple[str, str]]


def menu(actor: Actor, language: Language) -> list[Group]:
    """What this visitor may read; types that no group names come last."""
    labels = (*(label for label, _ in GROUPS), OTHER)
    found: list[Group] = [Group(say(language, label), []) for label in labels]
    for model in RECORD_TYPES:
        if actor.may(right_of(model, "read")):
            path = path_of(model)
            group = found[_GROUP_OF.get(path, len(GROUPS))]
            group.types.append((path, say(language, model.__record__.label)))
    return [group for group in found if group.types]

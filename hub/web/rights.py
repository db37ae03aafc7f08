"""Rights as people read them: the subjects and actions of the matrix, with their words."""

from dataclasses import dataclass

from hub.archive.catalogue import RECORD_TYPES
from hub.errors import T
from hub.security.roles import KEEP, SEEDS

ACTIONS = {
    "read": T("查看", "see"),
    "create": T("新建", "add"),
    "update": T("修改", "change"),
    "archive": T("归档", "archive"),
    "approve": T("审批", "approve"),
    "export": T("导出", "export"),
    "all": T("看到全部（不限自己负责的）", "see everybody's, not only one's own"),
}
_OTHERS = {
    "sales": T("销售", "Sales"),
    "footfall": T("客流", "Footfall"),
    "stock": T("库存", "Stock"),
    "readings": T("读数", "Readings"),
    "alerts": T("预警", "Alerts"),
    "work_orders": T("工单", "Work orders"),
    "agents": T("采集端", "Agents"),
    "roles": T("角色", "Roles"),
    "audit": T("审计日志", "Audit log"),
    "metrics": T("运行指标", "Metrics"),
    "approvals": T("审批", "Approvals"),
    "privacy": T("隐私", "Privacy"),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One line of the matrix."""

    code: str
    label: T
    actions: tuple[str, ...]


def subjects(rights: frozenset[str] = frozenset()) -> list[Subject]:
    """Every subject that any right names, record types first; `rights` are those of the chain."""
    labels: dict[str, T] = {}
    for model in RECORD_TYPES:
        labels.setdefault(model.__record__.rights, model.__record__.label)
    labels |= {code: label for code, label in _OTHERS.items() if code not in labels}
    known = rights.union(*(seed.rights for seed in SEEDS))
    named: dict[str, set[str]] = {}
    for right in known:
        subject, _, action = right.partition(".")
        named.setdefault(subject, set()).add(action)
    records = {model.__record__.rights for model in RECORD_TYPES}
    found = []
    for code in [*labels, *sorted(named.keys() - labels.keys())]:
        actions = named.get(code, set()) | (set(KEEP) if code in records else set())
        if actions:
            label = labels.get(code, T(code, code))
            found.append(Subject(code, label, tuple(sorted(actions, key=_place))))
    return found


def _place(action: str) -> tuple[int, str]:
    order = list(ACTIONS)
    return (order.index(action) if action in order else len(order), action)


def action_label(action: str) -> T:
    return ACTIONS.get(action, T(action, action.replace("_", " ")))

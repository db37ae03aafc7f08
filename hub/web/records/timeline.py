"""The history of a record as people read it: who changed what from which value to which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.errors import T
from hub.kit.db import Record, ScopedSession
from hub.kit.merging.service import REASON as MERGE
from hub.kit.records.custom import fields_in
from hub.kit.records.declare import Field
from hub.kit.records.history import Past
from hub.kit.records.kinds import POINTING
from hub.kit.records.names import names_of
from hub.web.language import say
from hub.web.records.cells import Cell, Cells
from hub.web.rendering import View

ACTIONS = {
    "create": T("新建", "Created"),
    "update": T("修改", "Changed"),
    "archive": T("归档", "Archived"),
    "restore": T("恢复", "Restored"),
    "reveal": T("查看保密内容", "Secret read"),
    "grants_changed": T("更改角色", "Roles changed"),
    "password_reset": T("重设密码", "Password reset"),
}
UNTOLD = ("create", "reveal")  # every field is new, or none has changed
UUID_LENGTH = 36
UNDOABLE = ("update", "archive", "restore")


@dataclass(frozen=True, slots=True)
class Step:
    """One change; `fields` are (label, before, after)."""

    seq: int
    action: str
    by: str
    at: datetime
    reason: str
    fields: Sequence[tuple[str, Cell, Cell]]
    can_undo: bool


def timeline(
    view: View, session: ScopedSession, model: type[Record], log: Sequence[Past]
) -> list[Step]:
    """Steps in the order of `log`; fields that the type no longer has are left out."""
    fields = fields_in(session, model)
    cells = Cells(view.language, view.zone, names_of(session, _references(fields, log)))
    return [_step(view, cells, model, fields, row) for row in log]


def _step(
    view: View, cells: Cells, model: type[Record], fields: Mapping[str, Field], row: Past
) -> Step:
    return Step(
        seq=row.seq,
        action=say(view.language, _action(model, row.action)),
        by=row.asker_name,
        at=row.at,
        reason=_reason(view, row.reason),
        fields=[
            (say(view.language, fields[name].label), *_pair(cells, fields[name], pair))
            for name, pair in row.values.items()
            if name in fields and row.action not in UNTOLD
        ],
        can_undo=row.action in UNDOABLE,
    )


def _action(model: type[Record], name: str) -> T:
    declared = {one.name: one.label for one in model.__record__.actions}
    return ACTIONS.get(name) or declared.get(name) or T(name, name)


def _pair(cells: Cells, field: Field, pair: Sequence[object]) -> tuple[Cell, Cell]:
    return cells.from_json(field, pair[0]), cells.from_json(field, pair[1])


def _reason(view: View, reason: str) -> str:
    """What the hub itself writes there is a word of ours."""
    word, _, rest = reason.partition(" ")
    if word == "undo" and rest.isdecimal():
        return say(view.language, T("撤销", "Undo"))
    if word == MERGE and len(rest) == UUID_LENGTH:
        return say(view.language, T("合并重复记录", "Merged duplicates"))
    return reason


def _references(
    fields: Mapping[str, Field], log: Sequence[Past]
) -> list[tuple[Field, UUID | None]]:
    return [
        (field, UUID(one))
        for field in fields.values()
        if field.spec.kind in POINTING
        for row in log
        for value in row.values.get(field.name, ())
        for one in (value if isinstance(value, list) else [value])
        if one
    ]

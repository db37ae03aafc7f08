"""What can be done with many records at once: the choices of the bar under a list."""

from dataclasses import dataclass

from hub.kit.db import ScopedSession
from hub.kit.records.custom import fields_in
from hub.kit.records.declare import Field
from hub.kit.records.kinds import Kind, Show
from hub.web.records.columns import EDITED
from hub.web.records.desk import Desk

PEOPLE = ("employees", "users")
UNFIT = ("store_id",)


@dataclass(frozen=True, slots=True)
class BulkBar:
    """(field, label) of what can be set, of labels, of who a record belongs to, if
    anybody, and (name, label) of what can be done."""

    fields: list[tuple[str, str]]
    labels: list[tuple[str, str]]
    owner: str
    actions: list[tuple[str, str]]


def bulk_bar(at: Desk, session: ScopedSession) -> BulkBar:
    fit = [field for field in fields_in(session, at.model).values() if _is_fit(field)]
    owner = next((field.name for field in fit if field.spec.target in PEOPLE), "")
    named = [(field.name, at.say(field.label)) for field in fit]
    words = {field.name for field in fit if field.spec.kind is Kind.LABELS}
    declared = at.model.__record__.actions
    actions = [(one.name, at.say(one.label)) for one in declared if at.may(one.name)]
    return BulkBar(named, [one for one in named if one[0] in words], owner, actions)


def _is_fit(field: Field) -> bool:
    """Nothing that must be unique or names the record."""
    is_own = field.has(Show.KEY | Show.UNIQUE | Show.TITLE) or field.name in UNFIT
    return field.spec.kind in EDITED and not is_own

"""What else belongs to a record: the record types that refer to it, with how many each has."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.archive.catalogue import RECORD_TYPES
from hub.kit.db import Record, ScopedSession
from hub.kit.records.access import may
from hub.kit.records.declare import fields_of, path_of, store_of
from hub.kit.records.kinds import POINTING
from hub.kit.records.query import Filter, Operator, Query, total
from hub.web.language import say
from hub.web.rendering import View


@dataclass(frozen=True, slots=True)
class Related:
    """One such type; `new_href` is empty where the visitor may not add to it."""

    label: str
    count: int | str
    href: str
    new_href: str


def related(view: View, session: ScopedSession, record: Record) -> Sequence[Related]:
    """A store has areas and equipment, an area has equipment; types out of sight are left out."""
    found = []
    for model in RECORD_TYPES:
        for name, field in fields_of(model).items():
            is_to_us = field.spec.target == type(record).__tablename__
            if field.spec.kind in POINTING and is_to_us:
                found.append(_related(view, session, model, name, record))
    return [one for one in found if one]


def _related(
    view: View, session: ScopedSession, model: type[Record], name: str, record: Record
) -> Related | None:
    store_id = store_of(record)
    if not may(session, model, "read", store_id):
        return None
    query = Query((Filter(name, Operator.IN, (record.id,)),), sort=model.__record__.order)
    path = f"/archive/{path_of(model)}"
    new = f"{path}/new?{name}={record.id}"
    if "store_id" in fields_of(model) and name != "store_id":
        new += f"&store_id={store_id}"
    return Related(
        label=say(view.language, model.__record__.label),
        count=total(session, model, query),
        href=f"{path}?filter[{name}]={record.id}",
        new_href=new if may(session, model, "create", store_id) else "",
    )

"""The columns of a list: the type's own, or those that the visitor or the address chose."""

from collections.abc import Iterable, Mapping, Sequence

from hub.kit.db import Record
from hub.kit.records.declare import Computed, Field, fields_of, shown
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.query import Query, is_sortable
from hub.web.language import Language, say
from hub.web.records.sheet import Column
from hub.web.records.state import ListState

MAX_COLUMNS = 20
NAME = "record-name"
Own = Mapping[str, Field]
NOTHING_OWN: Own = {}
UNSHOWN = (Kind.LINES, Kind.SECRET)
UNTYPED = Show.READONLY | Show.COST | Show.PERSONAL  # not edited in the list
EDITED = (
    Kind.TEXT,
    Kind.PHONE,
    Kind.EMAIL,
    Kind.LABELS,
    Kind.WHOLE,
    Kind.NUMBER,
    Kind.MONEY,
    Kind.CHOICE,
    Kind.REFERENCE,
    Kind.DAY,
    Kind.CLOCK,
    Kind.YES_NO,
)


def choosable(model: type[Record], own: Own = NOTHING_OWN) -> dict[str, Field | Computed]:
    """Everything that can be a column, by name, in the order of the declaration."""
    fields: dict[str, Field | Computed] = {
        name: field
        for name, field in {**fields_of(model), **own}.items()
        if field.spec.kind not in UNSHOWN
    }
    return fields | {one.name: one for one in model.__record__.computed}


def usual(model: type[Record], has_stores: bool, own: Own = NOTHING_OWN) -> list[str]:
    """Key and name first; the store is left out for those who have only one to choose."""
    listed = (*shown(model, Show.LIST), *(f for f in own.values() if f.has(Show.LIST)))
    fields = [f for f in listed if f.name != "store_id" or has_stores]
    fields.sort(key=lambda field: not field.has(Show.KEY | Show.TITLE))
    return [field.name for field in fields]


def chosen(
    model: type[Record], wanted: Iterable[str], otherwise: list[str], own: Own = NOTHING_OWN
) -> list[str]:
    """The names that are columns, each once; what the record is called is always there."""
    known = choosable(model, own)
    names = list(dict.fromkeys(name for name in wanted if name in known))[:MAX_COLUMNS]
    titles = [field.name for field in shown(model, Show.TITLE)]
    if not names:
        return otherwise
    return names if not titles or titles[0] in names else [titles[0], *names]


def columns(
    model: type[Record],
    names: Sequence[str],
    state: ListState,
    query: Query,
    *,
    language: Language,
    can_edit: bool,
    own: Own = NOTHING_OWN,
) -> list[Column]:
    """Heads with the way to each order."""
    known = choosable(model, own)
    return [_column(known[name], state, query, language, can_edit) for name in names]


def _column(
    one: Field | Computed, state: ListState, query: Query, language: Language, can_edit: bool
) -> Column:
    label = say(language, one.label)
    if isinstance(one, Computed):
        return Column(one.name, label, "num", computed=one)
    style = NAME if one.has(Show.TITLE) else "num" if one.is_number else ""
    is_edited = can_edit and one.spec.kind in EDITED and not one.has(UNTYPED)
    edits = one.name if is_edited else ""
    if not is_sortable(one):
        return Column(one.name, label, style, edits=edits, field=one)
    is_here = query.sort.removeprefix("-") == one.name
    is_up = is_here and not query.sort.startswith("-")
    order = "ascending" if is_up else "descending" if is_here else ""
    href = state.put("sort", f"-{one.name}" if is_up else one.name).href()
    return Column(one.name, label, style, href, order, edits, one)

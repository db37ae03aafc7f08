"""Records that are likely one and the same: what a type's `twins` name agrees (CUS-25).

Names agree when they sound alike and no more than punctuation or the legal form differs.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.kit.records.access import readable
from hub.kit.records.declare import Field, fields_of
from hub.kit.records.kinds import Show
from hub.kit.records.search import sound
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

PAIRS_MAX = 100
GROUP_MAX = 20  # of one name; what more people share tells nothing
_NOISE = re.compile(r"[\W_]+")
_LEGAL = re.compile(r"(有限责任公司|股份有限公司|有限公司|公司|company|coltd|gmbh|ltd|inc|co)$")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records and the fields in which they agree; the older is the first."""

    one: Record
    other: Record
    why: tuple[Field, ...]


def likely(session: ScopedSession, model: type[Record]) -> list[Pair]:
    """Pairs among what the asker may read, the first PAIRS_MAX by the order of `twins`."""
    fields = fields_of(model)
    names = list(dict.fromkeys(name for rule in model.__record__.twins for name in rule))
    wanted = select(model.id, *(fields[name].attribute for name in names)).where(
        model.archived_at.is_(None), *readable(session, model)
    )
    rows = [
        (one, dict(zip(names, values, strict=True))) for one, *values in session.execute(wanted)
    ]
    found: dict[tuple[UUID, UUID], tuple[Field, ...]] = {}
    for rule in model.__record__.twins:
        some = tuple(fields[name] for name in rule)
        for pair in _agreeing(rows, some):
            found.setdefault(pair, some)
    chosen = list(found.items())[:PAIRS_MAX]
    ids = {one for pair, _ in chosen for one in pair}
    records = {one.id: one for one in session.scalars(select(model).where(model.id.in_(ids)))}
    return [Pair(records[one], records[other], why) for (one, other), why in chosen]


def _agreeing(
    rows: Sequence[tuple[UUID, dict[str, Any]]], rule: Sequence[Field]
) -> Iterator[tuple[UUID, UUID]]:
    """Each with the oldest of those it agrees with; ids grow with time."""
    groups: dict[tuple[str, ...], list[UUID]] = {}
    for one, values in rows:
        key = tuple(plain(field, values[field.name]) for field in rule)
        if all(key):
            groups.setdefault(key, []).append(one)
    for ids in groups.values():
        if 1 < len(ids) <= GROUP_MAX:
            first, *others = sorted(ids)
            yield from ((first, other) for other in others)


def plain(field: Field, value: object) -> str:
    """What of a value two records may agree in; empty where it says nothing."""
    if value is None:
        return ""
    text = _NOISE.sub("", unicodedata.normalize("NFKC", str(value)).casefold())
    if field.has(Show.TITLE):
        return sound(_LEGAL.sub("", text) or text)
    return text

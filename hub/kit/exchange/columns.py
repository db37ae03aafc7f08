"""Which column of a file is which field: by its head in Chinese or English, or as remembered."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from uuid import UUID

from opencc import OpenCC
from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.ids import uuid7
from hub.kit.records.custom import custom_fields
from hub.kit.records.declare import Field, shown, written_fields
from hub.kit.records.kinds import Kind, Show
from hub.kit.session import ScopedSession
from hub.kit.tables import Base, ChainScoped, Record

HEAD_MAX = 100
LOOKED_FOR_HEADS = 10  # first lines of a file; above the heads there may be a title
IGNORED = ""
NOTHING_OWN: Mapping[str, Field] = {}
_OTHER_WORDS = {
    Show.KEY: ("编码", "编号", "代码", "货号", "code", "number", "no.", "id no"),
    Show.TITLE: ("名称", "名字", "姓名", "name"),
}
_NOISE = re.compile(r"[\s*＊:：_\-]+")
_UNIT = re.compile(r"[(（\[【].*?[)）\]】]")


class ImportColumn(ChainScoped, Base):
    """What somebody said about a head that nobody else need say again; no field: leave it out."""

    __tablename__ = "import_columns"
    __table_args__ = (Index(None, "chain_id", "record_type", "head", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    record_type: Mapped[str] = mapped_column(String(60))
    head: Mapped[str] = mapped_column(String(HEAD_MAX))
    field: Mapped[str] = mapped_column(String(60), default=IGNORED)


@cache
def _simplified() -> OpenCC:
    return OpenCC("t2s")


def plain_head(head: str) -> str:
    """`交貨期（天）*` and `交货期` are the same head."""
    text = unicodedata.normalize("NFKC", head)[:HEAD_MAX]
    text = _NOISE.sub("", _UNIT.sub("", text)).casefold()
    found: str = _simplified().convert(text)
    return found


def importable(model: type[Record], own: Mapping[str, Field] = NOTHING_OWN) -> dict[str, Field]:
    """Fields that a cell can hold; `own` are those that the chain added."""
    fields = {**written_fields(model), **own}.items()
    return {n: f for n, f in fields if f.spec.kind not in (Kind.LINES, Kind.REFERENCES)}


def _by_label(model: type[Record], own: Mapping[str, Field]) -> dict[str, str]:
    """Of two fields with one label the declared one is meant."""
    return _labelled(own) | _declared(model) if own else _declared(model)


def _labelled(fields: Mapping[str, Field]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, field in fields.items():
        for word in (name, field.label.zh, field.label.en):
            found.setdefault(plain_head(word), name)
    return found


@cache
def _declared(model: type[Record]) -> dict[str, str]:
    found = _labelled(importable(model))
    for show, words in _OTHER_WORDS.items():
        for field in shown(model, show)[:1]:
            for word in words:
                found.setdefault(plain_head(word), field.name)
    return found


def remembered(session: ScopedSession, model: type[Record]) -> dict[str, str]:
    """Plain head → field, as people of this chain said before."""
    query = select(ImportColumn).where(ImportColumn.record_type == model.__tablename__)
    return {row.head: row.field for row in session.scalars(query)}


def remember(session: ScopedSession, model: type[Record], chosen: Mapping[str, str]) -> None:
    """Keep what differs from what the labels say by themselves."""
    table, labels = model.__tablename__, _by_label(model, custom_fields(session, model))
    known = {
        row.head: row
        for row in session.scalars(select(ImportColumn).where(ImportColumn.record_type == table))
    }
    for head, field in chosen.items():
        plain = plain_head(head)
        if not plain or (labels.get(plain, IGNORED) == field and plain not in known):
            continue
        if plain in known:
            known[plain].field = field
        else:
            known[plain] = ImportColumn(record_type=table, head=plain, field=field)
            session.add(known[plain])
    session.flush()


def match(
    model: type[Record],
    heads: Sequence[str],
    known: Mapping[str, str],
    own: Mapping[str, Field] = NOTHING_OWN,
) -> dict[int, str]:
    """Column number → field name; each field once, the first column wins."""
    found: dict[int, str] = {}
    labels, fields = _by_label(model, own), importable(model, own)
    for number, head in enumerate(heads):
        plain = plain_head(head)
        field = known.get(plain, labels.get(plain, IGNORED))
        if field in fields and field not in found.values():
            found[number] = field
    return found


def head_row(
    model: type[Record],
    rows: Sequence[Sequence[str]],
    known: Mapping[str, str],
    own: Mapping[str, Field] = NOTHING_OWN,
) -> int:
    """The index of the line of heads: where most are known, else the first that is not empty."""
    scores = [len(match(model, row, known, own)) for row in rows[:LOOKED_FOR_HEADS]]
    best = max(scores, default=0)
    if best:
        return scores.index(best)
    filled = [n for n, row in enumerate(rows) if any(cell.strip() for cell in row)]
    return filled[0] if filled else 0

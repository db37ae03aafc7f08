"""Records found by what their columns do not say: how Chinese is read, and what is in their lines.

农夫山泉 is found by `nongfu`, by `shanquan` and by `nfsq`; a product by the barcode of a variant.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.records.declare import fields_of_line, shown
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.pinyin import syllables
from hub.kit.tables import Record

_HAN = re.compile(r"[\u3400-\u9fff]+")


class Searchable:
    """Mixin of record types that are found so; `apply` keeps the column, in small letters."""

    search_words: Mapped[str] = mapped_column(Text(), default="", sort_order=94)


def readings(text: str) -> str:
    """Full pinyin and initials of every run of Chinese, in one line."""
    if not _HAN.search(text):
        return ""
    return " ".join(_reading(run) for run in _HAN.findall(text))


def sound(text: str) -> str:
    """The text with its Chinese in full pinyin."""
    return _HAN.sub(lambda run: _reading(run[0]).split()[0], text)


@lru_cache(maxsize=4096)
def _reading(run: str) -> str:
    found = syllables(run)
    return f"{''.join(found)} {''.join(one[0] for one in found if one)}"


def load_readings() -> None:
    """The tables of pinyin take a third of a second: load them before others wait for a turn."""
    readings("门")


def keep_search_words(record: Record, more: Iterable[str] = ()) -> None:
    """Bring the search column of a record up to its texts; `more` are of fields of the chain."""
    if isinstance(record, Searchable):
        own, inner = " ".join(_own(record)), " ".join((*_inner(record), *more))
        record.search_words = " ".join(filter(None, (readings(f"{own} {inner}"), inner.lower())))


def _own(record: Record) -> Iterator[str]:
    for field in shown(type(record), Show.SEARCH):
        value = getattr(record, field.name)
        if field.spec.kind is Kind.LABELS:
            yield from value or ()
        elif field.spec.kind is not Kind.LINES and value:
            yield str(value)


def _inner(record: Record) -> Iterator[str]:
    """The texts of lines that are searched."""
    for field in shown(type(record), Show.SEARCH):
        if field.spec.kind is not Kind.LINES:
            continue
        names = [n for n, f in fields_of_line(field.spec.line).items() if f.has(Show.SEARCH)]
        for line in getattr(record, field.name):
            yield from (str(value) for name in names if (value := getattr(line, name)))

"""Chinese found by how it is read: 农夫山泉 by `nongfu`, by `shanquan` and by `nfsq`."""

import re

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.records.declare import shown
from hub.kit.records.kinds import Show
from hub.kit.tables import Record

_HAN = re.compile(r"[\u3400-\u9fff]+")


class SoughtByPinyin:
    """Mixin of record types whose texts are found by pinyin; `apply` keeps the column."""

    pinyin: Mapped[str] = mapped_column(Text(), default="", sort_order=94)


def readings(text: str) -> str:
    """Full pinyin and initials of every run of Chinese, in one line."""
    if not _HAN.search(text):
        return ""
    from pypinyin import lazy_pinyin  # noqa: PLC0415  # its tables take memory; many hubs never ask

    found = []
    for run in _HAN.findall(text):
        syllables = lazy_pinyin(run, errors="ignore")
        found += ["".join(syllables), "".join(one[0] for one in syllables if one)]
    return " ".join(found)


def keep_pinyin(record: Record) -> None:
    """Bring the search column of a record up to its texts."""
    if isinstance(record, SoughtByPinyin):
        values = [getattr(record, field.name) for field in shown(type(record), Show.SEARCH)]
        record.pinyin = readings(" ".join(_text(value) for value in values if value))


def _text(value: object) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)

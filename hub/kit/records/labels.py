"""Labels: a few short words in one column, each between line breaks, so one can be looked for."""

import re
from typing import Any

from sqlalchemy import Dialect, Text, TypeDecorator
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from hub.errors import T

LABEL_MAX, LABELS_MAX = 40, 20
SEPARATED = T("用逗号分开。", "Separated by commas.")
_BETWEEN = re.compile(r"[,，、;；\n]+")


def plain_labels(given: object) -> object:
    """Words out of a list or of one text, each once, without spaces around them."""
    parts = _BETWEEN.split(given) if isinstance(given, str) else given
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        return parts  # pydantic says what is wrong
    words = [word.strip() for part in parts for word in _BETWEEN.split(part)]
    return list(dict.fromkeys(word for word in words if word))


def kept(words: list[str]) -> str:
    """`["fruit", "dairy"]` is kept as `\\nfruit\\ndairy\\n`."""
    return "\n" + "".join(f"{word}\n" for word in words)


class LabelList(TypeDecorator[list[str]]):
    """Text in the database, a list in Python; no words are NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:
        return kept(value) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str] | None:
        return value.strip("\n").split("\n") if value else None

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        return Text() if isinstance(value, str) else self

"""Ids of some records in one column, each between line breaks, so one can be looked for."""

from typing import Any
from uuid import UUID

from sqlalchemy import Dialect, Text, TypeDecorator
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from hub.kit.records.labels import kept

IDS_MAX = 200


def plain_ids(given: object) -> object:
    """Ids out of a list or of one text with commas, each once."""
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, list):
        return parts  # pydantic says what is wrong
    named = [str(part).strip() for part in parts]
    return list(dict.fromkeys(one for one in named if one))


class IdList(TypeDecorator[list[UUID]]):
    """Text in the database, a list in Python; no ids are NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[UUID] | None, dialect: Dialect) -> str | None:
        return kept([str(one) for one in value]) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[UUID] | None:
        return [UUID(one) for one in value.strip("\n").split("\n")] if value else None

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        return Text() if isinstance(value, str) else self

"""Codes of conditions and allergies as people type them: `hypertension, peanut`."""

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import fields_of

HINT = T("用逗号分开，如 hypertension, peanut", "With commas, such as hypertension, peanut")
_BETWEEN = re.compile(r"[\s,，、;；]+")
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


def split(typed: str) -> list[str]:
    """The codes of a text, each once."""
    return list(dict.fromkeys(code for code in _BETWEEN.split(typed.strip()) if code))


def code_problem(code: str) -> T | None:
    """What is wrong with one code, or None."""
    if _CODE.fullmatch(code):
        return None
    return T("只能用小写字母、数字和 _。", "Use only a-z, 0-9 and _.")


def known(session: Session, model: type[Record], codes: Iterable[str]) -> set[str]:
    """Those of the codes that the chain has in `model`."""
    code = fields_of(model)["code"].attribute
    query = select(code).where(code.in_(list(codes)), model.archived_at.is_(None))
    return set(session.scalars(query))

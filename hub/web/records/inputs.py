"""Values as people type them and as an input shows them."""

from datetime import time
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.kit.records.declare import Field
from hub.kit.records.kinds import Choice, Kind

MINOR_UNITS = 100  # of every currency the pages know
PARTS = {Kind.MONEY: MINOR_UNITS, Kind.MILLI: 1000}
_TYPES = {Kind.DAY: "date", Kind.CLOCK: "time", Kind.PHONE: "tel", Kind.EMAIL: "email"}


def input_type(field: Field) -> str:
    """What the browser should offer for a value of this field."""
    return _TYPES.get(field.spec.kind, "text")


def written(field: Field, typed: str) -> str:
    """Money and exact amounts are typed in whole units with decimals, and kept in parts."""
    if not field.is_number:
        return typed.replace("\r\n", "\n")
    plain = typed.replace(",", "").replace("，", "").strip()
    if field.spec.kind in PARTS:
        try:
            return str(int((Decimal(plain) * PARTS[field.spec.kind]).quantize(Decimal(1))))
        except (InvalidOperation, ValueError, OverflowError):
            return plain
    return plain


def shown(field: Field, value: Any) -> str:
    """A value as an input shows it."""
    match value:
        case None:
            return ""
        case Choice():
            return value.value
        case list():
            return (", " if field.spec.kind is Kind.LABELS else ",").join(map(str, value))
        case bool():
            return "true" if value else "false"
        case int() if field.spec.kind in PARTS:
            places = 2 if field.spec.kind is Kind.MONEY else 0
            return _plain_decimal(Decimal(value) / PARTS[field.spec.kind], places)
        case time():
            return value.strftime("%H:%M")
        case float():
            return f"{value:.{max(field.spec.digits, 1)}f}".rstrip("0").rstrip(".")
        case _:
            return str(value)


def _plain_decimal(value: Decimal, places: int) -> str:
    """With at least so many decimals, and never with an exponent."""
    exact = value.normalize()
    return f"{exact:f}" if -int(exact.as_tuple().exponent) > places else f"{value:.{places}f}"

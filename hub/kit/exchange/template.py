"""The workbook to be filled in for an import: heads, what may stand below them, one example."""

import io
from collections.abc import Mapping
from typing import Any

from hub.errors import T
from hub.kit.exchange.columns import NOTHING_OWN, importable
from hub.kit.exchange.exporting import Say
from hub.kit.records.declare import Field
from hub.kit.records.kinds import Kind
from hub.kit.records.models import model_of
from hub.kit.tables import Record

ROWS = 5000  # that the choices are offered in
_KINDS = {
    Kind.DAY: T("日期，如 2026-01-31", "a day such as 2026-01-31"),
    Kind.INSTANT: T("时刻，如 2026-01-31T08:30:00Z", "a time such as 2026-01-31T08:30:00Z"),
    Kind.CLOCK: T("时间，如 08:30", "a time such as 08:30"),
    Kind.WHOLE: T("整数", "a whole number"),
    Kind.NUMBER: T("数字", "a number"),
    Kind.MONEY: T("金额，如 12.80", "an amount such as 12.80"),
    Kind.LABELS: T("几个词，用逗号分开", "some words with commas between"),
    Kind.YES_NO: T("是或否", "yes or no"),
}


def workbook(model: type[Record], say: Say, own: Mapping[str, Field] = NOTHING_OWN) -> bytes:
    """Required columns first, marked *; what each takes stands in a comment on its head."""
    import xlsxwriter  # noqa: PLC0415  # only who asks for a template pays for it

    buffer = io.BytesIO()
    fields = sorted(importable(model, own).values(), key=lambda field: not field.is_required)
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet(say(model.__record__.label)[:31])
        plain = book.add_format({"bold": True, "bg_color": "#EEF2F1", "bottom": 1})
        needed = book.add_format({"bold": True, "bg_color": "#D7EBE6", "bottom": 1})
        text = book.add_format({"num_format": "@"})
        sheet.freeze_panes(1, 0)
        for number, one in enumerate(fields):
            _column(sheet, number, one, say, (needed if one.is_required else plain, text))
    return buffer.getvalue()


def _column(sheet: Any, number: int, one: Field, say: Say, formats: tuple[Any, Any]) -> None:
    head, text = formats
    unit = say(one.spec.unit)
    label = f"{say(one.label)} ({unit})" if unit else say(one.label)
    sheet.set_column(number, number, max(12, min(30, 2 * len(label) + 4)), text)
    sheet.write_string(0, number, f"{label}{'*' if one.is_required else ''}", head)
    if hint := _hint(one, say):
        sheet.write_comment(0, number, hint)
    words = [say(choice.label) for choice in one.spec.choices or ()]
    if one.spec.kind is Kind.YES_NO:
        words = [say(T("是", "Yes")), say(T("否", "No"))]
    if words and len(",".join(words)) < 255:  # the format's limit of a list
        sheet.data_validation(1, number, ROWS, number, {"validate": "list", "source": words})


def _hint(one: Field, say: Say) -> str:
    if one.spec.kind is Kind.REFERENCE:
        what = say(model_of(one.spec.target).__record__.one)
        return say(T("{what}的编码或名称", "code or name of the {what}").format(what=what))
    return say(one.spec.hint) or (say(_KINDS[one.spec.kind]) if one.spec.kind in _KINDS else "")

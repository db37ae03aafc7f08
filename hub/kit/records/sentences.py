"""What is wrong with a value, as people read it: pydantic's findings in both languages."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub.errors import T

NEEDED = T("这一项必填。", "This is required.")
_SENTENCES = {
    "missing": NEEDED,
    "string_too_short": T("这一项必填。", "This is required."),
    "string_too_long": T("最多 {max_length} 个字。", "At most {max_length} characters."),
    "too_long": T("最多 {max_length} 项。", "At most {max_length} of them."),
    "list_type": T("请输入一串词。", "Enter a list of words."),
    "string_type": T("请输入文字。", "Enter text."),
    "int_parsing": T("请输入整数。", "Enter a whole number."),
    "int_type": T("请输入整数。", "Enter a whole number."),
    "int_from_float": T("请输入整数。", "Enter a whole number."),
    "int_parsing_size": T("这个数太大。", "This number is too large."),
    "float_parsing": T("请输入数字。", "Enter a number."),
    "float_type": T("请输入数字。", "Enter a number."),
    "finite_number": T("请输入数字。", "Enter a number."),
    "greater_than_equal": T("不能小于 {ge}。", "Must be {ge} or more."),
    "less_than_equal": T("不能大于 {le}。", "Must be {le} or less."),
    "enum": T("请从列表中选择。", "Choose from the list."),
    "uuid_parsing": T("请从列表中选择。", "Choose from the list."),
    "uuid_type": T("请从列表中选择。", "Choose from the list."),
    "date_from_datetime_parsing": T("日期格式是 2026-01-31。", "Write the day as 2026-01-31."),
    "date_parsing": T("日期格式是 2026-01-31。", "Write the day as 2026-01-31."),
    "date_type": T("日期格式是 2026-01-31。", "Write the day as 2026-01-31."),
    "time_parsing": T("时间格式是 08:30。", "Write the time as 08:30."),
    "time_type": T("时间格式是 08:30。", "Write the time as 08:30."),
    "bool_parsing": T("请选择是或否。", "Choose yes or no."),
    "bool_type": T("请选择是或否。", "Choose yes or no."),
    "timezone_aware": T("时间须带时区。", "The time needs a zone, such as Z."),
    "datetime_parsing": T("时间格式是 2026-01-31T08:30:00Z。", "Write 2026-01-31T08:30:00Z."),
    "extra_forbidden": T("没有这个字段。", "There is no such field."),
    "json_invalid": T("不是有效的 JSON。", "This is not valid JSON."),
}
OWN_RULE = "own_rule"
_ANY = T("这个值不对。", "This value is not right.")


def sentence(finding: Mapping[str, Any]) -> T:
    """One pydantic error as a sentence; a rule of our own brings its sentence along."""
    if finding["type"] == OWN_RULE:
        return T(finding["ctx"]["zh"], finding["ctx"]["en"])
    text = _SENTENCES.get(finding["type"])
    return text.format(**finding.get("ctx", {})) if text else _ANY


def sentences(findings: Iterable[Mapping[str, Any]]) -> dict[str, T]:
    """The first sentence of each field; `loc` keeps where FastAPI found it out of the name."""
    found: dict[str, T] = {}
    for finding in findings:
        place = [str(p) for p in finding["loc"] if p not in ("body", "query", "path")]
        found.setdefault(".".join(place), sentence(finding))
    return found

"""How long before the end of something somebody is reminded: `60, 30, 7` days."""

from hub.errors import T

DAYS_MAX = 3650


def days_of(typed: str) -> list[int]:
    """The days as numbers, the longest first; ValueError when it is something else."""
    parts = typed.replace("，", ",").replace("、", ",").split(",")
    days = sorted({int(part) for part in parts if part.strip()}, reverse=True)
    if not days or not all(0 < one <= DAYS_MAX for one in days):
        raise ValueError(typed)
    return days


def problem(typed: str) -> T | None:
    """What is wrong with lead times as typed, or None."""
    try:
        days_of(typed)
    except ValueError:
        return T("请写成 60, 30, 7 这样的天数。", "Write days such as 60, 30, 7.")
    return None

"""The settings of a VictoriaMetrics server that the hub depends on."""

import re
from datetime import timedelta

from hub.errors import InvalidError, T

LEAST_KEPT = timedelta(days=31)
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "y": 365.0, "": 31.0}
_NO_DEDUP = T(
    "VictoriaMetrics 须以 -dedup.minScrapeInterval=1ms 启动（当前：{found}），"
    "否则重复写入会重复计数。",
    "Start VictoriaMetrics with -dedup.minScrapeInterval=1ms (now: {found}), "
    "else a repeated write counts twice.",
)
_SHORT = T(
    "VictoriaMetrics 的 -retentionPeriod={found} 太短，至少需要 {days} 天。",
    "VictoriaMetrics keeps too little: -retentionPeriod={found}; at least {days} days are needed.",
)


def check_flags(listing: str) -> timedelta:
    """How long points are kept, from the answer of `/flags`; InvalidError says what to change."""
    flags = dict(re.findall(r'^-([\w.]+)="?([^"\n]*)"?$', listing, re.M))
    dedup = flags.get("dedup.minScrapeInterval", "")
    if dedup != "1ms":
        raise InvalidError(_NO_DEDUP.format(found=dedup or "0s"))
    found = flags.get("retentionPeriod", "1")
    keeps = parse_period(found)
    if keeps < LEAST_KEPT:
        raise InvalidError(_SHORT.format(found=found, days=LEAST_KEPT.days))
    return keeps


def parse_period(text: str) -> timedelta:
    """A number with h, d, w or y; without any it means months of 31 days."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([hdwy]?)", text)
    if match is None:
        raise InvalidError(_SHORT.format(found=text, days=LEAST_KEPT.days))
    return timedelta(days=float(match[1]) * _DAYS[match[2]])

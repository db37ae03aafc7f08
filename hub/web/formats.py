"""Numbers, money, durations and times as people of each language read them."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from hub.errors import T
from hub.web.language import Language, say
from protocols.metrics import METRICS, Kind

MINUS = "\N{MINUS SIGN}"
NO_VALUE = "\N{EN DASH}"
SIGNS = {"CNY": "¥", "TWD": "NT$", "HKD": "HK$", "USD": "$", "EUR": "€"}
STATES = {  # what is in a state, and the words of off and on
    "compressor_running": (T("压缩机", "Compressor"), T("停机", "idle"), T("运行", "running")),
    "fan_running": (T("风机", "Fan"), T("停", "idle"), T("运行", "running")),
    "unit_running": (T("机组", "Unit"), T("停机", "idle"), T("运行", "running")),
    "defrost_active": (T("化霜", "Defrost"), T("未化霜", "off"), T("化霜中", "on")),
    "door_open": (T("柜门", "Door"), T("关闭", "closed"), T("打开", "open")),
    "alarm_active": (T("设备报警", "Device alarm"), T("无", "none"), T("报警", "alarm")),
    "online": (T("连接", "Connection"), T("离线", "offline"), T("在线", "online")),
    "paper_out": (T("打印纸", "Paper"), T("有纸", "in"), T("缺纸", "out")),
    "drawer_open": (T("钱箱", "Drawer"), T("关闭", "closed"), T("打开", "open")),
}
DIGITS = {"°C": 1, "bar": 1, "%": 0, "W": 0, "V": 0, "A": 1, "kWh": 0, "Hz": 2, "s": 0, "lx": 0}
WEEKDAYS = tuple(
    T(zh, en)
    for zh, en in zip(
        ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
        ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        strict=True,
    )
)
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
UNITS = (
    (86400, T("{n} 天", "{n} d")),
    (3600, T("{n} 小时", "{n} h")),
    (60, T("{n} 分钟", "{n} min")),
    (1, T("{n} 秒", "{n} s")),
)


_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


@dataclass(frozen=True, slots=True)
class Formats:
    """`fmt` of the templates."""

    language: Language

    def number(self, value: float | None, digits: int = 0) -> str:
        """`12,345.6` with a true minus sign; an en dash where there is no value."""
        if value is None or value != value:
            return NO_VALUE
        text = f"{value:,.{digits}f}"
        if float(text.replace(",", "")) == 0:
            text = text.lstrip("-")
        return text.replace("-", MINUS)

    def change(self, ratio: float | None) -> str:
        """A share as a signed percentage: 0.12 → `+12 %`."""
        if ratio is None:
            return NO_VALUE
        text = self.number(ratio * 100)
        return f"{text} %" if text == "0" or text.startswith(MINUS) else f"+{text} %"

    def percent(self, share: float | None) -> str:
        return NO_VALUE if share is None else f"{self.number(share * 100)} %"

    def money(self, minor: float | None, currency: str = "CNY", digits: int = 0) -> str:
        """Minor units of a currency with two decimals, rounded to `digits`."""
        if minor is None:
            return NO_VALUE
        return f"{SIGNS.get(currency, currency + ' ')}{self.number(minor / 100, digits)}"

    def metric(self, name: str, value: float | None) -> str:
        """A reading without its unit: `−19.8`, or the word of a state."""
        if value is None:
            return NO_VALUE
        metric = METRICS.get(name)
        if metric and metric.kind is Kind.STATE and name in STATES:
            return say(self.language, STATES[name][2 if value else 1])
        unit = metric.unit if metric else ""
        fine = 2 if name == "power_factor" else 0
        return self.number(value, DIGITS.get(unit, fine))

    def size(self, bytes_: float) -> str:
        """Of files: "3.4 MB"."""
        factor, unit = next((one for one in _SIZES if bytes_ >= one[0]), _SIZES[-1])
        return f"{self.number(bytes_ / factor, 1)} {unit}"

    def unit(self, name: str) -> str:
        return METRICS[name].unit if name in METRICS else ""

    def label(self, name: str) -> str:
        """What people call a metric; its own name where the vocabulary does not know it."""
        if name in STATES:
            return say(self.language, STATES[name][0])
        metric = METRICS.get(name)
        return say(self.language, T(metric.zh, metric.en)) if metric else name

    def lasting(self, seconds: float) -> str:
        """The two largest units of a duration, `1 h 19 min`; seconds only below a minute."""
        left = max(0, int(seconds))
        left -= left % 60 if left >= 60 else 0
        parts: list[str] = []
        for size, text in UNITS:
            if left >= size and len(parts) < 2:
                parts.append(say(self.language, text.format(n=left // size)))
                left %= size
            elif parts:
                break
        return " ".join(parts) or say(self.language, UNITS[-1][1].format(n=0))

    def age(self, seconds: float) -> str:
        """The largest unit alone; what `live.js` goes on counting."""
        whole = max(0, int(seconds))
        size, text = next((u for u in UNITS if whole >= u[0]), UNITS[-1])
        return say(self.language, text.format(n=whole // size))

    def clock(self, at: datetime, zone: tzinfo) -> str:
        return at.astimezone(zone).strftime("%H:%M")

    def clock_s(self, at: datetime, zone: tzinfo) -> str:
        return at.astimezone(zone).strftime("%H:%M:%S")

    def day(self, at: datetime, zone: tzinfo) -> str:
        """`11月23日` or `23 Nov`."""
        local = at.astimezone(zone)
        if self.language is Language.EN:
            return f"{local.day} {MONTHS[local.month - 1]}"
        return f"{local.month}月{local.day}日"

    def moment(self, at: datetime, zone: tzinfo) -> str:
        return f"{self.day(at, zone)} {self.clock(at, zone)}"

    def weekday(self, index: int) -> str:
        return say(self.language, WEEKDAYS[index])

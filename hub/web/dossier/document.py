"""The dossier of a store as a PDF: facts, health, records, alerts and repairs, cold chain."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from hub.analytics.health import FAIR, GOOD, NAMES, Health
from hub.errors import T
from hub.timeseries.port import TimeSeries
from hub.web.dossier.content import Dossier, Listed, cold_units, counted
from hub.web.dossier.typeset import FAINT, INK, Head, Sheet
from hub.web.formats import NO_VALUE, Formats
from hub.web.language import say
from hub.web.pages.alert_rows import with_minus

SHOWN_ALERTS, SHOWN_ORDERS = 60, 60
TITLE = T("门店健康档案", "Store health record")
MADE = T("由 {name} 于 {at} 生成", "Made for {name} on {at}")
FOOT = T("{store} · {at} · StoreVitals", "{store} · {at} · StoreVitals")
FACTS = T("门店资料", "The store")
HEALTH = T("健康状况", "Health")
FIRST = T("先做这几件", "Do these first")
CALM = T("没有要紧的事。", "Nothing urgent.")
RECORDS = T("设备与档案", "Equipment and records")
ALERTS = T("一年内的预警", "Alerts of a year")
REPAIRS = T("一年内的维修", "Repairs of a year")
COLD = T("冷链（近 30 天）", "Cold chain (last 30 days)")
FILES = T("文件", "Documents and photos")
NONE = T("没有。", "None.")
MORE = T("另有 {n} 条，见系统。", "{n} more in the system.")
SEEN = T(
    "按生成人的权限编制；无权查看的内容不在其中。",
    "Made with the rights of the one named; what they may not see is not in it.",
)
SUMMARY = T(
    "紧急 {critical} · 高 {high} · 中 {medium} · 低 {low}",
    "{critical} critical · {high} high · {medium} medium · {low} low",
)
SPENT = T("{n} 张工单，费用合计 {money}", "{n} work orders, {money} in all")
ORDERS = T("{n} 张工单", "{n} work orders")
SIGNED = T("过去一年签署了 {n} 天的冷链记录。", "In a year the logs of {n} days were signed.")
NO_DATA = T("还没有足够的数据。", "Not enough data yet.")
LEVELS = {
    "good": T("健康", "Well"),
    "fair": T("需要留意", "Needs a look"),
    "poor": T("有问题", "In trouble"),
    "unknown": T("还没有数据", "No data yet"),
}
_WHEN, _WHAT, _LEVEL = T("时间", "When"), T("内容", "What"), T("级别", "Severity")
_UNTIL, _STATE, _COST = T("恢复", "Over"), T("状态", "Status"), T("费用", "Cost")
_NUMBER, _MACHINE, _REMEDY = T("编号", "No."), T("设备", "Machine"), T("处理", "Remedy")
_UNIT, _SET, _LOW = T("设备", "Machine"), T("设定 °C", "Set °C"), T("最低 °C", "Lowest °C")
_MEAN, _HIGH, _OUT = (
    T("平均 °C", "Mean °C"),
    T("最高 °C", "Highest °C"),
    T("超限", "Excursions"),
)
_NAME, _OF, _ADDED = T("名称", "Name"), T("属于", "Of"), T("加入", "Added")
_SEVERITY = {
    "critical": T("紧急", "Critical"),
    "high": T("高", "High"),
    "medium": T("中", "Medium"),
    "low": T("低", "Low"),
}


class Document:
    """Writes one dossier; each chapter knows whether it may be shown."""

    def __init__(
        self, dossier: Dossier, timeseries: TimeSeries, series_of: Mapping[str, int]
    ) -> None:
        self.of, self._timeseries, self._series_of = dossier, timeseries, series_of
        self.fmt = Formats(dossier.language)
        at = dossier.now.astimezone(dossier.zone)
        self._at = at.strftime("%Y-%m-%d %H:%M")
        foot = self.say(FOOT.format(store=dossier.store.name, at=self._at))
        title = f"{self.say(TITLE)} · {dossier.store.name}"
        self.sheet = Sheet(title, dossier.actor.name, foot, at)

    def say(self, text: T) -> str:
        return with_minus(say(self.of.language, text))

    def moment(self, at: datetime | None) -> str:
        if at is None:
            return NO_VALUE
        return at.astimezone(self.of.zone).strftime("%Y-%m-%d %H:%M")

    def pdf(self) -> bytes:
        found = self.of.health()
        self._cover(found)
        self._facts()
        if found:
            self._health(found)
        self._records()
        self._alerts()
        self._repairs()
        self._cold_chain()
        self._files()
        return bytes(self.sheet.output())

    def _cover(self, found: Health | None) -> None:
        sheet, store = self.sheet, self.of.store
        sheet.add_page()
        sheet.set_y(60)
        sheet.line_of(self.say(TITLE), 13, FAINT)
        sheet.ln(4)
        sheet.line_of(store.name, 30)
        sheet.ln(2)
        about = [store.code, self.say(store.business_type.label), store.address or ""]
        sheet.line_of(" · ".join(part for part in about if part), 11, FAINT)
        if found:
            sheet.dial(found.score, found.level, sheet.l_margin + 19, 135)
            sheet.set_xy(sheet.l_margin + 44, 128)
            sheet.line_of(self.say(LEVELS[found.level]), 18, INK)
        sheet.set_y(-48)
        sheet.line_of(self.say(MADE.format(name=self.of.actor.name, at=self._at)), 9.5, INK)
        sheet.line_of(self.say(SEEN), 8.5, FAINT)
        sheet.add_page()

    def _facts(self) -> None:
        self.sheet.chapter(self.say(FACTS))
        self.sheet.facts(self.of.facts())

    def _health(self, found: Health) -> None:
        sheet = self.sheet
        sheet.chapter(self.say(HEALTH))
        for part in found.parts:
            tone = "unknown" if part.score is None else _tone(part.score)
            evidence = self.say(part.evidence or NO_DATA)
            sheet.bar(self.say(NAMES[part.part]), part.score, tone, evidence)
        sheet.section(self.say(FIRST))
        if not found.problems:
            sheet.line_of(self.say(CALM), colour=FAINT)
        for number, one in enumerate(found.problems, 1):
            sheet.line_of(f"{number}. {self.say(one.what)}")
            sheet.line_of(f"    → {self.say(one.action)}", 9, FAINT)

    def _records(self) -> None:
        listed = list(self.of.records())
        if listed:
            self.sheet.chapter(self.say(RECORDS))
        for one in listed:
            self._listed(one)

    def _listed(self, one: Listed) -> None:
        self.sheet.section(f"{one.title} ({len(one.rows) + one.left_out})")
        self.sheet.grid([Head(text, share, is_n) for text, is_n, share in one.heads], one.rows)
        if one.left_out:
            self.sheet.line_of(self.say(MORE.format(n=one.left_out)), 8.5, FAINT)

    def _alerts(self) -> None:
        alerts = self.of.alerts()
        if alerts is None:
            return
        numbers = {severity.word: number for severity, number in counted(alerts).items()}
        self.sheet.chapter(self.say(ALERTS), self.say(SUMMARY.format(**numbers)))
        rows = [
            (
                self.moment(one.began_at),
                self.say(_SEVERITY[one.severity_level.word]),
                f"{title} · {with_minus(told)}",
                self.moment(one.closed_at),
            )
            for one, title, told in self.of.told(alerts[:SHOWN_ALERTS])
        ]
        heads = [Head(self.say(_WHEN), 3), Head(self.say(_LEVEL), 2)]
        heads += [Head(self.say(_WHAT), 9), Head(self.say(_UNTIL), 3)]
        self._table(heads, rows, len(alerts) - len(rows))

    def _repairs(self) -> None:
        orders = self.of.repairs()
        if orders is None:
            return
        costs = self.of.sees_costs()
        money = self.fmt.money(sum(one.cost_minor for one in orders), self.of.store.currency, 2)
        told = SPENT.format(n=len(orders), money=money) if costs else ORDERS.format(n=len(orders))
        self.sheet.chapter(self.say(REPAIRS), self.say(told))
        machines = self.of.machines()
        heads = [Head(self.say(_NUMBER), 1), Head(self.say(_WHEN), 3), Head(self.say(_MACHINE), 3)]
        heads += [Head(self.say(_WHAT), 4), Head(self.say(_STATE), 2), Head(self.say(_REMEDY), 4)]
        heads += [Head(self.say(_COST), 2, is_number=True)] if costs else []
        rows = []
        for one in orders[:SHOWN_ORDERS]:
            row = [f"#{one.number}", self.moment(one.created_at)]
            row += [machines.get(one.equipment_id, NO_VALUE), one.title, self.of.status_of(one)]
            row += [one.remedy or NO_VALUE]
            cost = self.fmt.money(one.cost_minor, self.of.store.currency, 2)
            rows.append([*row, cost] if costs else row)
        self._table(heads, rows, len(orders) - len(rows))

    def _cold_chain(self) -> None:
        signed = self.of.signed_days()
        if signed is None:
            return
        units = cold_units(self.of, self._timeseries, self._series_of)
        if not units:
            return
        self.sheet.chapter(self.say(COLD), self.say(SIGNED.format(n=signed)))
        heads = [Head(self.say(_UNIT), 4)]
        heads += [Head(self.say(one), 2, True) for one in (_SET, _LOW, _MEAN, _HIGH, _OUT)]
        rows = [
            (
                one.name,
                *(
                    self.fmt.number(v, 1)
                    for v in (one.setpoint_c, one.low_c, one.mean_c, one.high_c)
                ),
                str(one.excursions),
            )
            for one in units
        ]
        self._table(heads, rows, 0)

    def _files(self) -> None:
        rows = self.of.files()
        if not rows:
            return
        self.sheet.chapter(self.say(FILES))
        heads = [Head(self.say(_NAME), 6), Head(self.say(_OF), 3), Head(self.say(_ADDED), 4)]
        told = [
            (row.name, self.say(label), f"{self.moment(row.added_at)} {row.added_by}")
            for row, label in rows
        ]
        self._table(heads, told, 0)

    def _table(self, heads: list[Head], rows: Sequence[Sequence[str]], left_out: int) -> None:
        if not rows:
            self.sheet.line_of(self.say(NONE), 9, FAINT)
            return
        self.sheet.grid(heads, rows)
        if left_out > 0:
            self.sheet.line_of(self.say(MORE.format(n=left_out)), 8.5, FAINT)


def _tone(score: int) -> str:
    return "good" if score >= GOOD else "fair" if score >= FAIR else "poor"

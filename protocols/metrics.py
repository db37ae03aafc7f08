"""The one vocabulary of metrics: name → unit, kind, data type, words for people.

A metric never changes type or unit. The suffix of the name is its unit.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How values of a metric may be joined over time."""

    GAUGE = "gauge"  # mean, minimum and maximum make sense
    COUNTER = "counter"  # only grows, but for resets and roll-over; differences make sense
    STATE = "state"  # 0/1 or a small code; duty and last value make sense
    EVENT = "event"  # each value counts by itself; sums make sense
    DOCUMENT = "document"  # text, kept in SQL, never in the time series


@dataclass(frozen=True, slots=True)
class Metric:
    """`unit` is what a person reads beside the number ("" where there is none)."""

    name: str
    unit: str
    kind: Kind
    zh: str
    en: str
    minimum: float | None = None
    maximum: float | None = None


def _gauge(
    name: str, unit: str, zh: str, en: str, low: float | None = None, high: float | None = None
) -> Metric:
    return Metric(name, unit, Kind.GAUGE, zh, en, low, high)


def _counter(name: str, unit: str, zh: str, en: str) -> Metric:
    return Metric(name, unit, Kind.COUNTER, zh, en, 0)


def _state(name: str, zh: str, en: str) -> Metric:
    return Metric(name, "", Kind.STATE, zh, en, 0)


_ALL = (
    # cold chain
    _gauge("air_temperature_c", "°C", "柜内温度", "Air temperature", -80, 120),
    _gauge("evaporator_temperature_c", "°C", "蒸发器温度", "Evaporator temperature", -80, 120),
    _gauge("condenser_temperature_c", "°C", "冷凝器温度", "Condenser temperature", -50, 150),
    _gauge("product_temperature_c", "°C", "商品温度", "Product temperature", -80, 120),
    _gauge("setpoint_c", "°C", "设定温度", "Setpoint", -80, 120),
    _gauge("suction_pressure_bar", "bar", "吸气压力", "Suction pressure", -1, 100),
    _gauge("discharge_pressure_bar", "bar", "排气压力", "Discharge pressure", -1, 200),
    _state("compressor_running", "压缩机运行", "Compressor running"),
    _state("fan_running", "风机运行", "Fan running"),
    _state("defrost_active", "化霜中", "Defrost active"),
    _state("door_open", "柜门打开", "Door open"),
    _state("alarm_active", "设备报警", "Device alarm"),
    _state("alarm_code", "报警代码", "Alarm code"),
    _state("high_temperature_alarm", "高温报警", "High temperature alarm"),
    _state("low_temperature_alarm", "低温报警", "Low temperature alarm"),
    _state("door_alarm", "开门超时报警", "Door left open alarm"),
    _state("probe_fault", "探头故障", "Probe fault"),
    _counter("compressor_run_s", "s", "压缩机累计运行", "Compressor run time"),
    _counter("compressor_starts", "", "压缩机启动次数", "Compressor starts"),
    # climate
    _gauge("supply_temperature_c", "°C", "送风温度", "Supply temperature", -60, 120),
    _gauge("return_temperature_c", "°C", "回风温度", "Return temperature", -60, 120),
    _gauge("room_temperature_c", "°C", "室内温度", "Room temperature", -60, 80),
    _gauge("outdoor_temperature_c", "°C", "室外温度", "Outdoor temperature", -60, 80),
    _gauge("humidity_percent", "%", "湿度", "Humidity", 0, 100),
    _gauge("co2_ppm", "ppm", "二氧化碳", "CO₂", 0, 20000),
    _gauge("illuminance_lux", "lx", "照度", "Illuminance", 0, 200000),
    _gauge("fan_speed_percent", "%", "风机转速", "Fan speed", 0, 100),
    _gauge("heating_percent", "%", "加热输出", "Heating output", 0, 100),
    _gauge("cooling_percent", "%", "制冷输出", "Cooling output", 0, 100),
    _state("filter_alarm", "滤网报警", "Filter alarm"),
    _gauge("valve_percent", "%", "阀门开度", "Valve position", 0, 100),
    _state("hvac_mode", "空调模式", "HVAC mode"),
    _state("unit_running", "机组运行", "Unit running"),
    # energy
    _gauge("power_w", "W", "功率", "Power"),
    _gauge("power_l1_w", "W", "A相功率", "Power L1"),
    _gauge("power_l2_w", "W", "B相功率", "Power L2"),
    _gauge("power_l3_w", "W", "C相功率", "Power L3"),
    _gauge("voltage_l1_v", "V", "A相电压", "Voltage L1", 0, 1000),
    _gauge("voltage_l2_v", "V", "B相电压", "Voltage L2", 0, 1000),
    _gauge("voltage_l3_v", "V", "C相电压", "Voltage L3", 0, 1000),
    _gauge("current_l1_a", "A", "A相电流", "Current L1"),
    _gauge("current_l2_a", "A", "B相电流", "Current L2"),
    _gauge("current_l3_a", "A", "C相电流", "Current L3"),
    _gauge("power_factor", "", "功率因数", "Power factor", -1, 1),
    _gauge("frequency_hz", "Hz", "频率", "Frequency", 0, 100),
    _gauge("reactive_power_var", "var", "无功功率", "Reactive power"),
    _gauge("apparent_power_va", "VA", "视在功率", "Apparent power"),
    _counter("energy_kwh", "kWh", "累计电量", "Energy"),
    _counter("energy_export_kwh", "kWh", "反向电量", "Energy exported"),
    # doors and trade
    _counter("in_total", "", "累计进店", "Entries, running total"),
    _counter("out_total", "", "累计出店", "Exits, running total"),
    Metric("in_count", "", Kind.EVENT, "进店人次", "Entries", 0),
    Metric("out_count", "", Kind.EVENT, "出店人次", "Exits", 0),
    Metric("ticket", "", Kind.DOCUMENT, "小票", "Ticket"),
    Metric("quarantined_ticket", "", Kind.DOCUMENT, "待处理小票", "Ticket that was not understood"),
    _state("paper_out", "缺纸", "Paper out"),
    _state("drawer_open", "钱箱打开", "Drawer open"),
    # devices and the agent itself
    _state("online", "在线", "Online"),
    _gauge("battery_percent", "%", "电量", "Battery", 0, 100),
    _gauge("signal_dbm", "dBm", "信号强度", "Signal strength", -200, 50),
    _gauge("bus_load_percent", "%", "总线负载", "Bus load", 0, 100),
    _gauge("bus_error_percent", "%", "总线错误率", "Bus errors", 0, 100),
    _gauge("cpu_percent", "%", "处理器占用", "CPU load", 0, 6400),
    _gauge("cpu_temperature_c", "°C", "处理器温度", "CPU temperature", -40, 130),
    _gauge("memory_percent", "%", "内存占用", "Memory used", 0, 100),
    _gauge("disk_percent", "%", "磁盘占用", "Disk used", 0, 100),
    _gauge("outbox_rows", "", "待发批次", "Outbox rows waiting", 0),
    _gauge("uptime_s", "s", "运行时长", "Uptime", 0),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}

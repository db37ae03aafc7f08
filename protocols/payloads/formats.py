"""The payload formats that we read, in one literal table: who sends them and how sure we are."""

from dataclasses import dataclass

from protocols.modbus.profile import Confidence

_PEOPLE = ("in_total", "out_total", "in_count", "out_count")
_MILESIGHT = "Milesight-IoT/SensorDecoders@e79c9d8 vs-series"


@dataclass(frozen=True, slots=True)
class Format:
    """`module` is the decoder below `protocols.payloads`; PROVEN needs the maker's own frames."""

    vendor: str
    model: str
    wire: str
    module: str
    gives: tuple[str, ...]
    confidence: Confidence
    source: str


FORMATS = (
    Format(
        "Milesight",
        "VS121",
        "LoRaWAN",
        "milesight",
        (*_PEOPLE, "occupancy_count", "occupancy_max_count"),
        Confidence.PROVEN,
        f"{_MILESIGHT}/vs121 (reproduces its frames)",
    ),
    Format(
        "Milesight",
        "VS132",
        "LoRaWAN",
        "milesight",
        _PEOPLE,
        Confidence.PROVEN,
        f"{_MILESIGHT}/vs132 (reproduces its frames)",
    ),
    Format(
        "Milesight",
        "VS133, VS135",
        "LoRaWAN",
        "milesight",
        (
            *_PEOPLE,
            "child_in_total",
            "child_out_total",
            "child_in_count",
            "child_out_count",
            "occupancy_count",
            "view_blocked",
        ),
        Confidence.PROVEN,
        f"{_MILESIGHT}/vs133 and vs135 (reproduces their frames)",
    ),
    Format(
        "Milesight",
        "VS350",
        "LoRaWAN",
        "milesight",
        (*_PEOPLE, "battery_percent", "internal_temperature_c"),
        Confidence.PROVEN,
        f"{_MILESIGHT}/vs350 (reproduces its frames)",
    ),
    Format(
        "Milesight",
        "VS121-P, VS125",
        "HTTP, MQTT",
        "milesight_json",
        ("occupancy_count", "occupancy_max_count"),
        Confidence.UNTESTED,
        "milesight.com VS125 integration documents",
    ),
    Format(
        "Hikvision",
        "iDS and DS-2CD people counting",
        "HTTP push, alertStream",
        "hikvision",
        (*_PEOPLE, "pass_count"),
        Confidence.UNTESTED,
        "Hikvision ISAPI EventNotificationAlert documents",
    ),
    Format(
        "Axis",
        "People Counter (tvpc)",
        "HTTP, asked for live-sum.json",
        "axis",
        ("in_total", "out_total"),
        Confidence.UNTESTED,
        "Axis People Counter API page",
    ),
    Format(
        "FootfallCam",
        "3D Plus, Pro2",
        "MQTT, HTTP",
        "footfallcam",
        ("in_count", "out_count", "staff_in_count", "staff_out_count"),
        Confidence.UNTESTED,
        "FootfallCam integration documents",
    ),
    Format(
        "Vivotek",
        "SC8131",
        "HTTP push",
        "vivotek",
        ("in_count", "out_count"),
        Confidence.UNTESTED,
        "Vivotek SC8131 documents",
    ),
    Format(
        "Xovis",
        "PC series",
        "HTTP, MQTT",
        "xovis",
        (),
        Confidence.UNTESTED,
        "xovis-open-sdk/xovis-sdk@1dd32864 src/xovis/datapush/utils.py (envelope only)",
    ),
    Format(
        "Shelly",
        "Pro 3EM, EM Gen3",
        "MQTT",
        "shelly",
        ("power_w", "energy_kwh", "voltage_l1_v", "current_l1_a", "power_factor", "frequency_hz"),
        Confidence.UNTESTED,
        "Shelly Gen2 and Gen3 API documents (EM, EMData, EM1)",
    ),
    Format(
        "Zigbee2MQTT",
        "leak, contact, temperature and humidity sensors",
        "MQTT",
        "zigbee",
        (
            "leak_detected",
            "contact_open",
            "room_temperature_c",
            "humidity_percent",
            "battery_percent",
            "battery_low",
            "tamper_active",
            "link_quality",
            "online",
        ),
        Confidence.UNTESTED,
        "Zigbee2MQTT device documents",
    ),
    Format(
        "Tasmota",
        "energy plugs, DS18B20, switches",
        "MQTT",
        "tasmota",
        ("power_w", "energy_kwh", "voltage_l1_v", "current_l1_a", "room_temperature_c", "online"),
        Confidence.UNTESTED,
        "Tasmota MQTT documents",
    ),
)

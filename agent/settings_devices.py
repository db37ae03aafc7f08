"""Tables of `agent.toml` for the wires and devices of a store: `[[bus]]` and `[[device]]`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from agent.door import staff_hours
from agent.reporting import HEARTBEAT_S, Report
from protocols.metrics import METRICS, Kind
from protocols.payloads.decoders import DECODERS
from protocols.payloads.values import Counting
from protocols.scales.codec import SCALES


def _known_metric(name: str) -> str:
    if name not in METRICS:
        raise ValueError(f"{name!r} is no metric of protocols/metrics.py")
    return name


def _known_counter(name: str) -> str:
    if METRICS[name].kind is not Kind.COUNTER:
        known = ", ".join(metric.name for metric in METRICS.values() if metric.kind is Kind.COUNTER)
        raise ValueError(f"{name!r} is no running total. Those are: {known}")
    return name


def _known_span(text: str) -> str:
    staff_hours([text])
    return text


def _known_scale(name: str) -> str:
    if name not in SCALES:
        raise ValueError(f"{name!r} is no protocol of scales. Known: {', '.join(SCALES)}")
    return name


def _known_format(name: str) -> str:
    if name not in DECODERS:
        raise ValueError(f"{name!r} is no payload format. Known: {', '.join(DECODERS)}")
    return name


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
MetricName = Annotated[str, AfterValidator(_known_metric)]
DaySpan = Annotated[str, AfterValidator(_known_span)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RtuBus(Table):
    id: Id
    kind: Literal["modbus_rtu"]
    port: str = Field(description="stable name: /dev/serial/by-id/…, not /dev/ttyUSB0")
    baud: int = Field(9600, ge=300, le=921_600)
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    timeout_s: Annotated[float, Field(gt=0, le=10)] = 0.3


class TcpBus(Table):
    """A Modbus TCP device or gateway; all units behind one address are one bus."""

    id: Id
    kind: Literal["modbus_tcp"]
    host: str
    port: int = Field(502, ge=1, le=65_535)
    framing: Literal["tcp", "rtu"] = Field("tcp", description="rtu: a gateway that passes RTU on")
    timeout_s: Annotated[float, Field(gt=0, le=10)] = 1.0


class MqttBus(Table):
    """A broker that devices of the store publish to."""

    id: Id
    kind: Literal["mqtt"]
    url: str = Field(description="mqtts://host, or mqtt:// on this machine")
    username: str = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    ca_file: Path | None = None


class HttpBus(Table):
    """Where devices of the store post to."""

    id: Id
    kind: Literal["http"]
    host: str = Field("0.0.0.0", description="address to listen on")  # noqa: S104 cameras post to it
    port: int = Field(8470, ge=1, le=65_535)


Bus = Annotated[RtuBus | TcpBus | MqttBus | HttpBus, Field(discriminator="kind")]


class _Device(Table):
    id: Id = Field(description="immutable; the name of its series")
    name: str = Field("", description="what people call it")
    critical: tuple[MetricName, ...] = Field((), description="metrics that are sent at once")
    report: Report = Field(
        Report.STATES, description="sent only when changed: states and counters; poll, change"
    )
    heartbeat_s: Seconds = Field(HEARTBEAT_S, description="all is sent at least this often")
    count_factor: float = Field(
        1.0, gt=0.1, lt=10, description="people for each one counted, from a count by hand"
    )
    staff_hours: tuple[DaySpan, ...] = Field(
        (), description="who passes then works here: 22:00-08:30"
    )


class ModbusDevice(_Device):
    driver: Literal["modbus"]
    bus: Id
    unit: int = Field(ge=0, le=255, description="Modbus unit id")
    profile: str = Field(description="name in protocols/profiles, or path of a .toml file")
    interval_s: Seconds = 10.0


class TillDevice(_Device):
    driver: Literal["serial_till"]
    port: str = Field(description="stable name: /dev/serial/by-id/…, not /dev/ttyUSB0")
    format: Literal["escpos", "jsonl"]
    layout: str = Field("retail-zh", description="receipt layout of protocols/pos/layouts")
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "CNY"
    baud: int = Field(9600, ge=300, le=921_600)
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1


class ScaleDevice(_Device):
    """A scale that is asked for its weight."""

    driver: Literal["serial_scale"]
    port: str = Field(description="stable name: /dev/serial/by-id/…, not /dev/ttyUSB0")
    protocol: Annotated[str, AfterValidator(_known_scale)] = Field(
        description="toledo-8217, mt-sics, cas-pd2, adam-azextra"
    )
    baud: int = Field(9600, ge=300, le=921_600)
    parity: Literal["N", "E", "O"] = Field("N", description="N also for 7E1 of toledo-8217")
    interval_s: Seconds = 1.0


class CodeReaderDevice(_Device):
    """A barcode scanner or RFID reader that writes a code a line."""

    driver: Literal["code_reader"]
    port: str = Field(description="stable name: /dev/serial/by-id/…, not /dev/ttyUSB0")
    baud: int = Field(9600, ge=300, le=921_600)
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    again_s: Seconds = Field(2.0, description="a code counts again after so long out of sight")
    gather_s: Seconds = Field(0.5, description="what is read within travels as one document")


class PulseDevice(_Device):
    """A contact on a GPIO line of this machine that pulses: S0 of a meter, a door beam."""

    driver: Literal["pulse_counter"]
    chip: str = Field("/dev/gpiochip0", description="see gpiodetect")
    line: int = Field(ge=0, le=1023, description="number of the GPIO, such as 17")
    pull: Literal["up", "down", "none"] = Field("up", description="the contact pulls away from it")
    debounce_ms: int = Field(5, ge=0, le=1000, description="shorter pulses are noise")
    metric: Annotated[MetricName, AfterValidator(_known_counter)] = Field(
        description="a running total: in_total of a door, energy_kwh of a meter"
    )
    per_pulse: float = Field(1.0, gt=0, description="1000 pulses a kWh: 0.001")
    interval_s: Seconds = 10.0


class TillFilesDevice(_Device):
    """A till that drops its journal as files."""

    driver: Literal["till_files"]
    folder: Path = Field(description="what is read there is moved to done/")
    format: Literal["jsonl", "csv"]
    columns: dict[str, str] = Field({}, description='of a CSV: ours = its name, {at = "时间"}')
    encoding: str = Field("utf-8-sig", description="of a CSV: gb18030, utf-8-sig")
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "CNY"


class MqttDevice(_Device):
    driver: Literal["mqtt_json"]
    bus: Id
    topic: str = Field(description="topic of the readings; + stands for one level")
    values: dict[MetricName, str] = Field(
        min_length=1, description='metric = path in the JSON payload, such as "data.temp"'
    )
    event_id: str = Field("", description="path of an id: an event that comes twice counts once")
    status_topic: str = Field("", description="topic of the device's last will")
    offline: str = Field("offline", description="payload of status_topic that means: gone")
    silent_s: Seconds | None = Field(None, description="offline after so long without a message")


class PayloadDevice(_Device):
    """A device whose payload we know, over MQTT, LoRaWAN or HTTP."""

    driver: Literal["payload"]
    bus: Id
    format: Annotated[str, AfterValidator(_known_format)] = Field(
        description="name in protocols/payloads/decoders.py, such as hikvision"
    )
    address: str = Field(description="topic, or path that is posted to: /hikvision/<secret>")
    counting: Counting = Field(
        Counting.TOTALS, description="totals, or periods where totals are lost each night"
    )
    part: str = Field("", description="line or region that is this device; default all of it")
    silent_s: Seconds | None = Field(None, description="offline after so long without a message")


Device = Annotated[
    ModbusDevice
    | TillDevice
    | TillFilesDevice
    | ScaleDevice
    | CodeReaderDevice
    | PulseDevice
    | MqttDevice
    | PayloadDevice,
    Field(discriminator="driver"),
]

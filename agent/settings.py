"""The agent's settings: `agent.toml`, under `AGENT_*` of the environment; read once in `main`.

Tables `[agent]`, `[uplink]`, `[outbox]`, `[status]`, `[remote]`, and lists `[[bus]]` and
`[[device]]`. A value of the tables is overridden by `AGENT_<TABLE>__<KEY>`, such as
`AGENT_UPLINK__PASSWORD`.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from agent.settings_devices import Bus, Device, Id, MetricName, Seconds, Table
from agent.settings_source import Source, complaints, misspelt_variables
from protocols.mqtt.options import is_loopback
from protocols.orders import Verb

PREFIX = "AGENT_"


class SettingsError(Exception):
    """The configuration is wrong; the message says where and what to do, a line each."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone: write one such as 'Asia/Shanghai'") from error
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class AgentTable(Table):
    id: Id = Field(description="edge node id: immutable, unique in the chain")
    name: str = Field("", description="what people call it")
    data_dir: Path = Field(Path("/var/lib/storevitals"), description="folder of the agent's files")
    zone: Zone = Field("Asia/Shanghai", description="time zone of the store")
    day_start: ClockTime = Field("00:00", description="when a business day begins, local time")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="log level")

    @property
    def day_start_minutes(self) -> int:
        hours, minutes = self.day_start.split(":")
        return int(hours) * 60 + int(minutes)


class Layout(StrEnum):
    """How metrics are laid out on the wire; see docs/architecture.md."""

    NODE = "node"
    DEVICE = "device"


class UplinkTable(Table):
    url: str = Field(description="broker: mqtts://host, wss://host, or mqtt:// on this machine")
    group: Id = Field(description="Sparkplug group id, <chain>-<shard>")
    username: str = Field("", description="name at the broker; empty: none")
    password: SecretStr = Field(SecretStr(""), description="better from password_file")
    password_file: Path | None = Field(None, description="file whose first line is the password")
    ca_file: Path | None = Field(None, description="CA that signs the broker's certificate")
    cert_file: Path | None = Field(None, description="the agent's client certificate")
    key_file: Path | None = Field(None, description="the key of that certificate")
    layout: Layout = Field(Layout.NODE, description="node or device")
    flush_s: Seconds = Field(2.0, description="a batch is sent after this time at the latest")
    flush_metrics: int = Field(200, ge=1, le=2000, description="or when it holds so many values")
    drain_per_s: int = Field(
        2000, ge=0, description="backlog values a second beside live ones; 0 is no limit"
    )
    window: int = Field(256, ge=1, le=256, description="batches on the way without acknowledgement")
    more_urls: tuple[str, ...] = Field((), description="further brokers, tried in turn")
    primary_host: Id | None = Field(
        None,
        description="Sparkplug host that must be online; the hub, which acknowledges, needs none",
    )

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password_file is not None and self.password.get_secret_value():
            raise ValueError("give password or password_file, not both")
        return self


class OutboxTable(Table):
    path: Path | None = Field(None, description="outbox file; default outbox.sqlite in data_dir")
    max_mb: int = Field(150, ge=1, le=100_000, description="size at which the oldest rows go")


class RemoteTable(Table):
    """What the hub may order of this agent; see docs/operators/remote.md."""

    allow: tuple[Verb, ...] = Field(tuple(Verb), description="configure, update, restart, check")
    trial_s: Seconds = Field(
        180.0, description="a change that has not proved itself by then is taken back"
    )


class StatusTable(Table):
    """The page for people in the store; see docs/installer/."""

    host: str = Field("127.0.0.1", description="0.0.0.0 shows it in the store's network, by PIN")
    port: int = Field(8099, ge=0, le=65_535, description="0: no page")
    pin: Annotated[SecretStr, Field(description="digits, at least 4; needed off this machine")] = (
        SecretStr("")
    )

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        pin = self.pin.get_secret_value()
        if pin and not (pin.isdecimal() and 4 <= len(pin) <= 12):
            raise ValueError("pin has 4 to 12 digits")
        if not pin and self.port and not is_loopback(self.host):
            raise ValueError(f"host {self.host} shows the page in the network: give a pin")
        return self


class LimitTable(Table):
    """A limit that the agent watches itself, for when the hub is out of reach."""

    device: Id
    metric: MetricName
    above: float | None = Field(None, description="beyond it is above, in the metric's unit")
    below: float | None = Field(None, description="or below")
    hysteresis: float = Field(1.0, ge=0, description="back by so much is behind the limit")
    hold_s: float = Field(600.0, ge=0, le=86_400, description="beyond it for so long is an alarm")
    clear_s: float = Field(600.0, ge=0, le=86_400, description="behind it for so long ends it")
    rests_in_defrost: bool = True

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("give above or below, one of them")
        return self


class WarningTable(Table):
    """The relay that warns people in the shop while the hub is out of reach."""

    bus: Id
    unit: int = Field(ge=0, le=255, description="Modbus unit id of the relay module")
    coil: int = Field(ge=0, le=65_535, description="zero-based address of the relay")


class AgentSettings(BaseSettings):
    """All of agent.toml; see docs/formats/agent.toml."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    agent: AgentTable
    uplink: UplinkTable
    outbox: OutboxTable = OutboxTable()
    status: StatusTable = StatusTable()
    remote: RemoteTable = RemoteTable()
    bus: tuple[Bus, ...] = ()
    device: tuple[Device, ...] = ()
    limit: tuple[LimitTable, ...] = ()
    warning: WarningTable | None = None

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        _refuse_doubles("bus", [bus.id for bus in self.bus])
        _refuse_doubles("device", [device.id for device in self.device])
        for bus in self.bus:
            if f"bus-{bus.id}" in {device.id for device in self.device}:
                raise ValueError(f"device 'bus-{bus.id}': the id stands for the bus {bus.id!r}")
        _refuse_strangers(self)
        kinds = {bus.id: bus.kind for bus in self.bus}
        for device in self.device:
            wanted = _BUS_KINDS.get(device.driver)
            named = getattr(device, "bus", "")
            if wanted and kinds.get(named) not in wanted:
                raise ValueError(
                    f"device {device.id!r}: there is no [[bus]] {named!r} of kind "
                    f"{' or '.join(wanted)}"
                )
        return self

    @property
    def outbox_path(self) -> Path:
        return self.outbox.path or self.agent.data_dir / "outbox.sqlite"


_BUS_KINDS = {
    "modbus": ("modbus_rtu", "modbus_tcp"),
    "mqtt_json": ("mqtt",),
    "payload": ("mqtt", "http"),
}


def _refuse_doubles(table: str, ids: list[str]) -> None:
    for name in ids:
        if ids.count(name) > 1:
            raise ValueError(f"two [[{table}]] have the id {name!r}")


def _refuse_strangers(settings: AgentSettings) -> None:
    """Limits and the relay name a device and a bus that exist."""
    devices = {device.id for device in settings.device}
    for limit in settings.limit:
        if limit.device not in devices:
            raise ValueError(f"[[limit]]: there is no [[device]] {limit.device!r}")
    buses = {bus.id for bus in settings.bus if bus.kind in ("modbus_rtu", "modbus_tcp")}
    if settings.warning and settings.warning.bus not in buses:
        raise ValueError(f"[warning]: there is no Modbus [[bus]] {settings.warning.bus!r}")


def load_settings(file: Path) -> AgentSettings:
    """Settings from `file` below `AGENT_*` of the environment; raise SettingsError."""
    source = _read(file)
    if found := misspelt_variables(AgentSettings, PREFIX, os.environ):
        raise SettingsError("\n".join(found))
    values = dict(source.values)
    for table, given in EnvSettingsSource(AgentSettings)().items():
        own = values.get(table)
        is_table = isinstance(own, dict) and isinstance(given, dict)
        values[table] = {**(own or {}), **given} if is_table else given
    try:
        return AgentSettings(**values)
    except ValidationError as error:
        raise SettingsError("\n".join(complaints(error, source, AgentSettings))) from error


def _read(file: Path) -> Source:
    try:
        return Source.read(file)
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise SettingsError(f"{file}: is not valid TOML: {error}.") from error


def secret(direct: SecretStr, file: Path | None) -> str | None:
    """The password given directly or as the first line of `file`; None where there is none."""
    if file is None:
        return direct.get_secret_value() or None
    try:
        return file.read_text("utf-8").splitlines()[0].strip()
    except (OSError, IndexError) as error:
        raise SettingsError(
            f"{file}: cannot be read or is empty: it must hold a password."
        ) from error

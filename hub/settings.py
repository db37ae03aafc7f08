"""The hub's settings: `hub.toml`, under `HUB_*` of the environment; read once in `main`."""

import os
import re
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from hub.errors import CommandError

PREFIX = "HUB_"


_ADDRESSES = {
    "mqtt_url": (r"(mqtts?|wss?)://.+", "mqtts://host:8883"),
    "database_url": (
        r"(sqlite:///|postgresql(\+psycopg)?://).+",
        "sqlite:////path/hub.sqlite or postgresql+psycopg://user@host/name",
    ),
    "timeseries_url": (
        r"duckdb:.*|(influxdb|victoriametrics)(\+https)?://.+",
        "duckdb:, influxdb://host:8086/name or victoriametrics://host:8428/name",
    ),
}


class Role(StrEnum):
    """What this process does; with `duckdb:` only ALL, since DuckDB allows one process."""

    ALL = "all"
    WEB = "web"
    INGEST = "ingest"


class SettingsError(CommandError):
    """The configuration is wrong; the message says where and what to do."""


class HubSettings(BaseSettings):
    """All settings have a default but the broker's address."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    data_dir: Path = Field(Path("storevitals-data"), description="folder of all the hub's files")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=1, le=65_535, description="port to listen on")
    public_url: str = Field("", description="https://… as people type it; empty: plain on loopback")
    proxy_address: str = Field(
        "", description="address of the proxy whose X-Forwarded-For is believed; empty: none"
    )
    role: Role = Field(Role.ALL, description="what this process does: all, web or ingest")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="log level")

    mqtt_url: str = Field("", description="broker: mqtts://, wss://, or mqtt:// on loopback")
    mqtt_username: str = Field("", description="name at the broker; empty: none")
    mqtt_password: SecretStr = Field(SecretStr(""), description="password at the broker")
    mqtt_ca_file: Path | None = Field(None, description="CA that signs the broker's certificate")
    mqtt_cert_file: Path | None = Field(None, description="the hub's client certificate")
    mqtt_key_file: Path | None = Field(None, description="the key of that certificate")
    agents_url: str = Field(
        "", description="broker as agents reach it, mqtts://host:8883; empty: no enrolment here"
    )
    certificate_hosts: str = Field(
        "", description="further names and addresses in the hub's own certificate, by comma"
    )
    database_url: str = Field("", description="archive; empty: SQLite in data_dir")
    timeseries_url: str = Field(
        "duckdb:", description="duckdb:, influxdb://… or victoriametrics://…"
    )

    keep_gauges_days: int = Field(
        0, ge=0, le=36_500, description="raw temperatures, powers …; 0: for ever. Days stay"
    )
    keep_states_days: int = Field(
        0, ge=0, le=36_500, description="raw states (door open, alarm …); 0: for ever"
    )
    keep_counters_days: int = Field(
        0, ge=0, le=36_500, description="raw running totals (energy, run time …); 0: for ever"
    )
    keep_events_days: int = Field(
        0, ge=0, le=36_500, description="raw counts of people and the like; 0: for ever"
    )
    shards: int = Field(
        16, ge=1, le=1024, description="parts that ingest workers share; fixed at the first start"
    )
    lease_s: float = Field(
        10.0, ge=0.5, le=60, description="an ingest worker that is silent so long loses its shards"
    )

    master_key: SecretStr = Field(
        SecretStr(""), description="key that wraps all others, base64; empty: master_key_file"
    )
    master_key_file: Path | None = Field(
        None, description="file of the master key, mode 0600; empty: master.key in data_dir"
    )
    keys_url: str = Field("", description="database of wrapped keys; empty: SQLite in data_dir")

    backup_to: str = Field(
        "", description="folders that `backup` writes to, by comma; the second one elsewhere"
    )
    backup_key_file: Path | None = Field(
        None, description="key of the backups, mode 0600; empty: backup.key in data_dir"
    )

    key_life_days: int = Field(
        90, ge=1, le=3650, description="keys of sealed data are replaced at this age, in days"
    )

    api_requests_per_minute: int = Field(
        3000, ge=0, le=1_000_000, description="API requests of one token or session; 0: no limit"
    )
    api_refusals_per_minute: int = Field(
        120, ge=0, le=1_000_000, description="requests of one address with no valid token; 0: any"
    )

    notice_hosts: str = Field(
        "", description="hosts that notices may go to, by comma; empty: every public one"
    )
    session_idle_s: int = Field(
        12 * 3600, ge=60, le=30 * 86_400, description="a session ends after this time without use"
    )
    session_max_s: int = Field(
        7 * 86_400, ge=60, le=90 * 86_400, description="a session ends after this time in any case"
    )
    token_max_s: int = Field(
        12 * 3600, ge=60, le=90 * 86_400, description="life of a token of POST /auth/token"
    )

    @field_validator(*_ADDRESSES)
    @classmethod
    def _is_address(cls, value: str, info: ValidationInfo) -> str:
        """Judged before anything is made or opened."""
        shape, example = _ADDRESSES[str(info.field_name)]
        if value and not re.fullmatch(shape, value):
            raise ValueError(f"{value!r} is no address that the hub knows: write {example}.")
        return value

    @model_validator(mode="after")
    def _fill(self) -> Self:
        if not self.database_url:
            path = self.data_dir.absolute() / "hub.sqlite"
            object.__setattr__(self, "database_url", f"sqlite:///{path}")
        if not self.keys_url:
            path = self.data_dir.absolute() / "keys.sqlite"
            object.__setattr__(self, "keys_url", f"sqlite:///{path}")
        if self.backup_key_file is None:
            object.__setattr__(self, "backup_key_file", self.data_dir.absolute() / "backup.key")
        if self.master_key_file is None:
            object.__setattr__(self, "master_key_file", self.data_dir.absolute() / "master.key")
        return self

    @property
    def authority_dir(self) -> Path:
        """Keys and certificates of the hub's own authority."""
        return self.data_dir.absolute() / "pki"

    @property
    def base_url(self) -> str:
        """How links in messages begin."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def is_https(self) -> bool:
        """People reach the hub by HTTPS, if only through a proxy: cookies are `__Host-`, Secure."""
        return self.public_url.startswith("https://")


def load_settings(file: Path | None = None, **given: object) -> HubSettings:
    """Settings from `file` below `HUB_*` below `given` (command-line options)."""
    source = _Source.read(file)
    _refuse_unknown(source)
    values = {k: v for k, v in source.values.items() if PREFIX + k.upper() not in os.environ}
    values |= {key: value for key, value in given.items() if value is not None}
    try:
        return HubSettings(**values)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentences(error, source))) from error


class _Source:
    """The keys of a TOML file and the lines they stand on."""

    def __init__(self, name: str, text: str, values: dict[str, Any]) -> None:
        self.name, self.text, self.values = name, text, values

    @classmethod
    def read(cls, file: Path | None) -> "_Source":
        if file is None:
            return cls("", "", {})
        try:
            text = file.read_text("utf-8")
            return cls(str(file), text, tomllib.loads(text))
        except OSError as error:
            raise SettingsError(f"{file}: cannot be read ({error.strerror}).") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file}: is not valid TOML: {error}.") from error

    def place(self, key: str) -> str:
        """`hub.toml, line 3`, or the environment variable, where `key` was set; that goes above."""
        if (variable := PREFIX + key.upper()) in os.environ:
            return variable
        for number, line in enumerate(self.text.splitlines(), 1):
            if re.match(rf"\s*\[?\s*[\"']?{re.escape(key)}[\"']?\s*[=.\]]", line):
                return f"{self.name}, line {number}"
        return variable


def _refuse_unknown(source: _Source) -> None:
    known = HubSettings.model_fields
    for key in source.values:
        if key not in known:
            raise SettingsError(f"{source.place(key)}: unknown key {key!r}. {_nearest(key, known)}")
    variables = [PREFIX + key.upper() for key in known]
    for name in os.environ:
        if name.startswith(PREFIX) and name not in variables:
            hint = _nearest(name, variables)
            raise SettingsError(f"environment: unknown variable {name}. {hint}")


def _nearest(key: str, known: Iterable[str]) -> str:
    close = get_close_matches(key, known, 1, 0.5)
    return f"Did you mean {close[0]!r}?" if close else "Known keys: " + ", ".join(known) + "."


def _sentences(error: ValidationError, source: _Source) -> list[str]:
    return [
        f"{source.place(str(detail['loc'][0])) if detail['loc'] else source.name}: "
        f"{'.'.join(map(str, detail['loc']))}: "
        f"{detail['msg'].removeprefix('Value error, ').rstrip('.')}."
        for detail in error.errors()
    ]

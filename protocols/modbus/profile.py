"""A device profile: which register holds which metric, and how gently the device must be asked."""

import difflib
import tomllib
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from protocols.metrics import METRICS


class Table(StrEnum):
    """The four Modbus tables."""

    COIL = "coil"
    DISCRETE_INPUT = "discrete_input"
    INPUT_REGISTER = "input_register"
    HOLDING_REGISTER = "holding_register"

    @property
    def is_bits(self) -> bool:
        return self in (Table.COIL, Table.DISCRETE_INPUT)


class DataType(StrEnum):
    """BOOL is a coil or discrete input, BIT some bits of a word; the rest are numbers in words."""

    BOOL = "bool"
    BIT = "bit"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"

    @property
    def words(self) -> int:
        """Length in words, or in bits for BOOL."""
        return {"32": 2, "64": 4}.get(self.value[-2:], 1)


class Confidence(StrEnum):
    """PROVEN: read from a real device by us or by the cited source; UNTESTED: from paper only."""

    PROVEN = "proven"
    UNTESTED = "untested"


class Category(StrEnum):
    """What a device is to the store; the wizard groups its list by it."""

    REFRIGERATION = "refrigeration"
    HVAC = "hvac"
    ENERGY_METER = "energy_meter"
    CLIMATE_SENSOR = "climate_sensor"
    COUNTER = "counter"
    UPS = "ups"
    OTHER = "other"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Code(_Model):
    """What one number of a state means, in words for people."""

    value: int
    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Probe(_Model):
    """A register that tells this model from others.

    Where `equals` is empty the maker's number is not known: that the register answers is a hint,
    no proof.
    """

    table: Literal[Table.INPUT_REGISTER, Table.HOLDING_REGISTER]
    address: Annotated[int, Field(ge=0, le=0xFFFF, description="zero-based, as on the wire")]
    words: Annotated[int, Field(ge=1, le=4)] = 1
    equals: tuple[int, ...] = Field((), description="unsigned numbers, the highest word first")
    tells: Annotated[str, Field(min_length=3, description="what the register holds")]


class Register(_Model):
    """One metric in the register map; value = raw * scale + offset, unless raw is in `invalid`.

    `word_order` big: the first word is the highest; `byte_order` little: each word's bytes are
    swapped. So (word, byte) = (big, big) is ABCD, (little, big) CDAB, (big, little) BADC,
    (little, little) DCBA.
    """

    metric: str
    table: Table
    address: Annotated[int, Field(ge=0, le=0xFFFF, description="zero-based, as on the wire")]
    type: DataType = DataType.INT16
    bit: Annotated[int | None, Field(ge=0, le=15, description="of type bit; 0 is the lowest")] = (
        None
    )
    bits: Annotated[int, Field(ge=1, le=16, description="of type bit: how many from `bit` up")] = 1
    signed: bool = Field(False, description="of type bit: the highest of `bits` is the sign")
    inverted: bool = Field(False, description="of one bit: 0 on the wire means 1 (active low)")
    alone: bool = Field(False, description="never read in one request with others")
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    offset: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    word_order: Literal["big", "little"] = "big"
    byte_order: Literal["big", "little"] = "big"
    invalid: tuple[int, ...] = Field((), description="raw numbers that mean: no value")
    period_s: Annotated[float, Field(ge=0, le=86400)] = Field(
        0, description="read at most this often; 0 is at every poll"
    )
    codes: tuple[Code, ...] = Field((), description="words for the numbers of a state")

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        if self.table.is_bits != (self.type is DataType.BOOL):
            raise ValueError(f"type {self.type} does not fit table {self.table}; bits are 'bool'")
        if (self.type is DataType.BIT) != (self.bit is not None):
            raise ValueError("'bit' belongs to type 'bit' and only to it")
        if (self.bit or 0) + self.bits > 16:
            raise ValueError(f"{self.bits} bits from bit {self.bit} are more than a word has")
        if self.type is not DataType.BIT and (self.bits > 1 or self.signed):
            raise ValueError("'bits' and 'signed' belong to type 'bit'")
        if self.inverted and (self.bits > 1 or self.type not in (DataType.BIT, DataType.BOOL)):
            raise ValueError("'inverted' belongs to a single bit")
        if self.address + self.type.words > 0x10000:
            raise ValueError(f"address {self.address} leaves no room for {self.type}")
        if len({code.value for code in self.codes}) < len(self.codes):
            raise ValueError(f"{self.metric}: a number of 'codes' is stated twice")
        return self


class Setup(_Model):
    """What has to be written before the device tells what we read; again after each return."""

    table: Literal[Table.COIL, Table.HOLDING_REGISTER]
    address: Annotated[int, Field(ge=0, le=0xFFFF, description="zero-based, as on the wire")]
    words: Annotated[tuple[Annotated[int, Field(ge=0, le=0xFFFF)], ...], Field(min_length=1)]
    why: Annotated[str, Field(min_length=3, description="what it does")]


class Profile(_Model):
    """All that differs between one model of a device and another."""

    vendor: str
    model: str
    source: Annotated[str, Field(min_length=10, description="manual, revision and page, or code")]
    confidence: Confidence
    category: Category = Category.OTHER
    transport: Literal["rtu", "tcp"] = "rtu"
    serial: tuple[Annotated[str, Field(pattern=r"^\d{3,6} [78][NEO][12]$")], ...] = Field(
        (), description='line settings of the maker, most likely first, such as "9600 8N1"'
    )
    probe: Probe | None = None
    notes: Annotated[str, Field(description="what the installer must set or know")] = ""
    notes_zh: str = ""
    max_words: Annotated[int, Field(ge=1, le=125)] = 125
    max_bits: Annotated[int, Field(ge=1, le=2000)] = 2000
    max_gap: Annotated[int, Field(ge=0, le=124)] | None = Field(
        None, description="unnamed words read along between registers; default: by cost, up to 16"
    )
    timeout_ms: Annotated[int | None, Field(ge=20, le=10_000)] = None
    pause_ms: Annotated[int, Field(ge=0, le=1000)] = Field(0, description="before each request")
    setup: tuple[Setup, ...] = ()
    registers: Annotated[tuple[Register, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _speaks_the_vocabulary(self) -> Self:
        seen: set[str] = set()
        for register in self.registers:
            name = register.metric
            if name not in METRICS:
                near = difflib.get_close_matches(name, METRICS, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"{name!r} is not a metric of protocols/metrics.py{hint}")
            if name in seen:
                raise ValueError(f"metric {name!r} is stated twice")
            seen.add(name)
        return self

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(register.metric for register in self.registers)


def profile_names() -> list[str]:
    """Names of the profiles that are shipped."""
    folder = files("protocols").joinpath("profiles")
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name[-5:] == ".toml")


def load_profile(name: str) -> Profile:
    """Read `protocols/profiles/<name>.toml`; raise FileNotFoundError or ValidationError."""
    text = files("protocols").joinpath("profiles", f"{name}.toml").read_text("utf-8")
    return Profile.model_validate(tomllib.loads(text))


def load_profile_file(path: Path) -> Profile:
    """Read an installer's own profile; raises as `load_profile`."""
    return Profile.model_validate(tomllib.loads(path.read_text("utf-8")))

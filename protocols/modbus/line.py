"""Where a Modbus bus is, what is asked on it, and what it costs; no I/O."""

from dataclasses import dataclass
from typing import Literal, Protocol

from protocols.modbus.codec import ReadCost
from protocols.modbus.profile import Table

_BITS_A_CHAR = 11  # 8E1 or 8N2; 8N1 is a tenth quicker


class Span(Protocol):
    """What is read: `protocols.modbus.codec.Block` is one."""

    @property
    def table(self) -> Table: ...
    @property
    def address(self) -> int: ...
    @property
    def count(self) -> int: ...


@dataclass(frozen=True, slots=True)
class SerialLine:
    port: str
    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1

    is_rtu = True

    @property
    def char_s(self) -> float:
        return _BITS_A_CHAR / self.baud

    @property
    def silence_s(self) -> float:
        """3.5 characters of 11 bits; fixed above 19200 baud (Modbus over serial line, 2.5.1.1)."""
        return max(3.5 * self.char_s, 0.00175)

    def __str__(self) -> str:
        return self.port


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """`framing` rtu: a gateway that passes RTU frames on, without transaction ids."""

    host: str
    port: int = 502
    framing: Literal["tcp", "rtu"] = "tcp"

    silence_s = 0.0
    char_s = 0.0  # not to be felt

    @property
    def is_rtu(self) -> bool:
        return self.framing == "rtu"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(slots=True)
class BusCounts:
    """What happened since the start, for bus load and error rate."""

    requests: int = 0
    timeouts: int = 0
    frame_errors: int = 0
    refusals: int = 0
    reopened: int = 0
    writes: int = 0
    busy_s: float = 0.0

    @property
    def errors(self) -> int:
        return self.timeouts + self.frame_errors


class TurnaroundClock:
    """How long a unit thinks before it answers: what a request costs beside its characters."""

    def __init__(self, char_s: float, silence_s: float) -> None:
        self._char_s, self._silence_s = char_s, silence_s
        self._typical_s: dict[int, float] = {}

    def answered(self, asked: "Request", took_s: float) -> None:
        spoken_s = self._char_s * (8 + asked.answer_bytes)
        own_s = max(0.0, took_s - spoken_s)
        before_s = self._typical_s.get(asked.unit_id, own_s)
        self._typical_s[asked.unit_id] = before_s + 0.2 * (own_s - before_s)

    def cost(self, unit_id: int) -> ReadCost:
        """As measured; before any answer 10 ms on a line."""
        if not self._char_s:
            return ReadCost()
        turnaround_s = self._typical_s.get(unit_id, 0.01) + 2 * self._silence_s
        return ReadCost(self._char_s, turnaround_s)


@dataclass(frozen=True, slots=True)
class Request:
    unit_id: int
    table: Table
    address: int
    count: int
    timeout_s: float | None
    pause_s: float
    values: tuple[int, ...] | None = None  # of a write

    @property
    def answer_bytes(self) -> int:
        """Length of the RTU frame that answers."""
        if self.values is not None:
            return 8
        return 5 + (-(-self.count // 8) if self.table.is_bits else 2 * self.count)

    def of_length(self, count: int) -> "Request":
        return Request(self.unit_id, self.table, self.address, count, self.timeout_s, self.pause_s)

    def text(self, line: SerialLine | TcpAddress) -> str:
        what = self.table.value.replace("_", " ")
        unit = "bits" if self.table.is_bits else "words"
        return f"Unit {self.unit_id} on {line} ({what} {self.address}, {self.count} {unit})"

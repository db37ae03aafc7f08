"""How gently a bus is searched: which questions, how many, how long at most. Pure."""

from dataclasses import dataclass
from typing import Literal, cast

from agent.words import T
from protocols.modbus.client import SerialLine

Parity = Literal["N", "E", "O"]
MOST_REQUESTS = 4_000
_CHARS = 16  # of the question and its shortest answer
_QUICK_TURNAROUND_S = 0.12
_SLOW_TURNAROUND_S = 0.5
_QUICK_UNITS = range(1, 33)
_ALL_UNITS = range(1, 248)


class PlanError(ValueError):
    """What was asked for cannot be searched; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class LineSetting:
    baud: int
    parity: Parity = "N"
    stop_bits: Literal[1, 2] = 1

    def __str__(self) -> str:
        return f"{self.baud} 8{self.parity}{self.stop_bits}"

    @classmethod
    def parse(cls, text: str) -> "LineSetting":
        """`9600 8N1` or `9600-8N1`. Raises PlanError."""
        baud, _, frame = text.replace("-", " ").replace(",", " ").strip().partition(" ")
        frame = frame.strip().upper() or "8N1"
        is_frame = len(frame) == 3 and frame[0] == "8" and frame[1] in "NEO" and frame[2] in "12"
        if not baud.isdigit() or not 300 <= int(baud) <= 921_600 or not is_frame:
            raise PlanError(f"{text!r} is no line setting: write one such as 9600-8N1.")
        stop_bits: Literal[1, 2] = 1 if frame[2] == "1" else 2
        return cls(int(baud), cast(Parity, frame[1]), stop_bits)

    def line(self, port: str) -> SerialLine:
        return SerialLine(port, self.baud, self.parity, self.stop_bits)


FREQUENT = (
    LineSetting(9600),
    LineSetting(19200, "E"),
    LineSetting(9600, "E"),
    LineSetting(19200),
)
RARE = (
    LineSetting(38400, "E"),
    LineSetting(38400),
    LineSetting(4800),
    LineSetting(2400),
    LineSetting(115200),
    LineSetting(57600),
    LineSetting(9600, "N", 2),
    LineSetting(19200, "N", 2),
    LineSetting(9600, "O"),
)


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """Each unit is asked one question at each setting; the first setting that answers is kept."""

    unit_ids: tuple[int, ...] = tuple(_QUICK_UNITS)
    settings: tuple[LineSetting, ...] = FREQUENT
    turnaround_s: float = _QUICK_TURNAROUND_S

    def __post_init__(self) -> None:
        if self.requests > MOST_REQUESTS:
            raise PlanError(
                f"{len(self.unit_ids)} unit ids at {len(self.settings)} settings are "
                f"{self.requests} questions, more than {MOST_REQUESTS}: "
                "name fewer with --units or --setting."
            )

    @property
    def requests(self) -> int:
        return len(self.unit_ids) * len(self.settings)

    def timeout_s(self, setting: LineSetting) -> float:
        """Time of the characters on the wire and of a slow device's thinking."""
        return self.turnaround_s + _CHARS * 11 / setting.baud

    @property
    def longest_s(self) -> float:
        """If nobody answers. A line is opened anew now and then; that costs little."""
        units = len(self.unit_ids)
        return sum(units * (self.timeout_s(setting) + 0.01) for setting in self.settings)

    def sentence(self, port: str) -> T:
        settings = ", ".join(str(setting) for setting in self.settings)
        minutes = _duration(self.longest_s)
        first, last = self.unit_ids[0], self.unit_ids[-1]
        return T(
            f"{port}：按 {settings} 依次询问站号 {first}–{last}，"
            f"最多 {self.requests} 次提问，最长 {minutes.zh}；只读，不写。",
            f"{port}: units {first} to {last} at {settings}; at most {self.requests} questions, "
            f"{minutes.en} at the longest; reads only, writes nothing.",
        )


def make_plan(
    *, units: str = "", settings: tuple[str, ...] = (), is_thorough: bool = False
) -> ScanPlan:
    """`units` such as `1-32` or `1,5,17`. Raises PlanError."""
    ids = parse_units(units) if units else tuple(_ALL_UNITS if is_thorough else _QUICK_UNITS)
    if settings:
        chosen = tuple(LineSetting.parse(text) for text in settings)
    else:
        chosen = (*FREQUENT, *RARE) if is_thorough else FREQUENT
    return ScanPlan(ids, chosen, _SLOW_TURNAROUND_S if is_thorough else _QUICK_TURNAROUND_S)


def parse_units(text: str) -> tuple[int, ...]:
    """Unit 0 is everybody at once and is never asked. Raises PlanError."""
    ids: list[int] = []
    for part in text.split(","):
        low, _, high = part.strip().partition("-")
        if not low.isdigit() or (high and not high.isdigit()):
            raise PlanError(f"{text!r} are no unit ids: write them as 1-32 or 1,5,17.")
        ids += range(int(low), int(high or low) + 1)
    if not ids or min(ids) < 1 or max(ids) > 247:
        raise PlanError(f"{text!r}: unit ids go from 1 to 247.")
    return tuple(dict.fromkeys(ids))


def _duration(seconds: float) -> T:
    if seconds < 90:
        return T(f"{seconds:.0f} 秒", f"{seconds:.0f} s")
    return T(f"{seconds / 60:.0f} 分钟", f"{seconds / 60:.0f} min")

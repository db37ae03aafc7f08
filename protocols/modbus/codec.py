"""Register blocks and values, both ways. Pure functions: no socket, no clock."""

import math
import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

from protocols.errors import FrameError
from protocols.modbus.profile import DataType, Profile, Register, Table

Memory = dict[Table, dict[int, int]]
"""Words (or bits, as 0 and 1) of a device by table and zero-based address."""

_FORMATS = {
    DataType.INT16: struct.Struct(">h"),
    DataType.UINT16: struct.Struct(">H"),
    DataType.BIT: struct.Struct(">H"),
    DataType.INT32: struct.Struct(">i"),
    DataType.UINT32: struct.Struct(">I"),
    DataType.INT64: struct.Struct(">q"),
    DataType.UINT64: struct.Struct(">Q"),
    DataType.FLOAT32: struct.Struct(">f"),
    DataType.FLOAT64: struct.Struct(">d"),
}
_WORDS = {
    (order, n): struct.Struct(f"{'>' if order == 'big' else '<'}{n}H")
    for order in ("big", "little")
    for n in (1, 2, 4)
}
_FLOATS = (DataType.FLOAT32, DataType.FLOAT64)


LONGEST_GAP = 16  # words that are read along though nobody asked for them
_FRAME_CHARS = 8 + 5  # of a read request and of the answer beside its data
Cut = tuple[Table, int]
"""An address at which a block has to begin."""


@dataclass(frozen=True, slots=True)
class ReadCost:
    """What a request costs, and what a character. The default is a TCP device."""

    char_s: float = 1e-6
    turnaround_s: float = 0.002

    @property
    def gap_words(self) -> int:
        """Up to so many words are cheaper read along than a request of their own."""
        request_s = _FRAME_CHARS * self.char_s + self.turnaround_s
        return min(LONGEST_GAP, int(request_s / (2 * self.char_s)))


class _Plain(NamedTuple):
    """How nine of ten registers are read: one word, to be divided; other registers have no sign."""

    metric: str
    at: int
    register: Register
    sign: int = -1
    divisor: float = 1.0


@dataclass(frozen=True)
class Block:
    """One read request: `count` words (bits) of `table` from `address`, and the registers within.

    `period_s` is how often it is due at most; 0 is at every poll.
    """

    table: Table
    address: int
    count: int
    registers: tuple[Register, ...] = ()
    period_s: float = 0.0

    @cached_property
    def readers(self) -> tuple[_Plain, ...]:
        return tuple(_reader(register, self.address) for register in self.registers)

    def runs(self) -> list["Block"]:
        """The stretches without a gap; one for a block that has none."""
        found: list[Block] = []
        for own in map(_own_block, self.registers):
            joined = _join(found[-1], own, 0) if found else None
            found[-1:] = [joined] if joined else [*found[-1:], own]
        return found

    def split(self) -> list["Block"]:
        """Smaller blocks for a device that refuses this one: at its gaps, or else in halves."""
        if len(runs := self.runs()) > 1:
            return runs
        half = len(self.registers) // 2
        parts = (self.registers[:half], self.registers[half:])
        return [_block_of(registers) for registers in parts if registers]


def plan(
    profile: Profile, cost: ReadCost | None = None, cuts: Collection[Cut] = frozenset()
) -> list[Block]:
    """Merge the registers of a profile into as few read requests as the device allows.

    With a `cost` also over gaps that the profile does not speak of; who does so has to cope with a
    refusal. `cuts` are what was learned of this device: blocks that it refused begin anew there.
    """
    by_cost = cost.gap_words if cost else 0
    return plan_blocks(
        profile.registers,
        max_words=profile.max_words,
        max_bits=profile.max_bits,
        max_gap=by_cost if profile.max_gap is None else profile.max_gap,
        cuts=cuts,
    )


def plan_blocks(
    registers: Iterable[Register],
    *,
    max_words: int = 125,
    max_bits: int = 2000,
    max_gap: int = 0,
    cuts: Collection[Cut] = frozenset(),
) -> list[Block]:
    """Merge registers of one table and period into blocks.

    Up to `max_gap` words between two registers are read along and dropped.
    """
    blocks: list[Block] = []
    for register in sorted(registers, key=lambda r: (r.period_s, r.table, r.address)):
        own = _own_block(register)
        limit = max_bits if register.table.is_bits else max_words
        is_cut = (register.table, register.address) in cuts
        joined = _join(blocks[-1], own, max_gap) if blocks and not is_cut else None
        if joined and joined.count <= limit:
            blocks[-1] = joined
        else:
            blocks.append(own)
    return blocks


def _own_block(register: Register) -> Block:
    table, words = register.table, register.type.words
    return Block(table, register.address, words, (register,), register.period_s)


def _block_of(registers: Sequence[Register]) -> Block:
    first, end = registers[0], max(r.address + r.type.words for r in registers)
    count = end - first.address
    return Block(first.table, first.address, count, tuple(registers), first.period_s)


def _join(block: Block, own: Block, max_gap: int) -> Block | None:
    if (block.table, block.period_s) != (own.table, own.period_s):
        return None
    if block.registers[-1].alone or own.registers[0].alone:
        return None
    if own.address > block.address + block.count + max_gap:
        return None
    return _block_of((*block.registers, *own.registers))


def decode(block: Block, words: Sequence[int]) -> dict[str, float | None]:
    """Give the value of each metric of `block`; None where the device says "no value"."""
    if len(words) != block.count:
        raise FrameError(f"asked {block.count} words from {block.address}, got {len(words)}")
    values: dict[str, float | None] = {}
    for metric, at, register, sign, divisor in block.readers:
        if sign < 0:
            values[metric] = decode_register(register, words, at)
        else:
            word = words[at]
            values[metric] = (word - 0x10000 if word & sign else word) / divisor
    return values


def _reader(register: Register, start: int) -> _Plain:
    slow = _Plain(register.metric, register.address - start, register)
    is_word = register.type in (DataType.INT16, DataType.UINT16) and register.byte_order == "big"
    divisor = _divisor(register.scale)
    if not is_word or divisor is None or register.invalid or register.offset:
        return slow
    return slow._replace(sign=0x8000 if register.type is DataType.INT16 else 0, divisor=divisor)


def decode_register(register: Register, words: Sequence[int], at: int = 0) -> float | None:
    """Value of the register that begins at index `at` of `words`."""
    if register.type is DataType.BOOL:
        return float(bool(words[at]) != register.inverted)
    raw = _raw(register, words, at)
    if raw in register.invalid:
        return None
    if register.type is DataType.BIT:
        return _scaled(_field(register, int(raw)), register.scale) + register.offset
    value = _scaled(raw, register.scale) + register.offset
    return value if math.isfinite(value) else None


def _field(register: Register, word: int) -> int:
    """Some bits of a word as a number."""
    size = 1 << register.bits
    field = word >> (register.bit or 0) & (size - 1)
    if register.inverted:
        return 1 - field
    return field - size if register.signed and field >= size >> 1 else field


def _raw(register: Register, words: Sequence[int], at: int) -> float:
    kind = register.type
    if kind is DataType.INT16 and register.byte_order == "big":  # nine of ten registers
        word = words[at]
        return word - 0x10000 if word & 0x8000 else word
    own = words[at : at + kind.words]
    if register.word_order == "little":
        own = own[::-1]
    packed = _WORDS[register.byte_order, kind.words].pack(*own)
    raw: float = _FORMATS[kind].unpack(packed)[0]
    return raw


def _scaled(raw: float, scale: float) -> float:
    divisor = _divisor(scale)
    return raw * scale if divisor is None else raw / divisor


@cache
def _divisor(scale: float) -> float | None:
    """33 * 0.1 is 3.3000000000000003, but 33 / 10 is 3.3."""
    divisor = round(1 / scale)
    return float(divisor) if divisor >= 1 and math.isclose(divisor * scale, 1) else None


def encode(registers: Iterable[Register], values: Mapping[str, float | None]) -> Memory:
    """Words that a device with these registers would hold: the inverse of `decode`.

    Metrics that `values` does not name are left out; None is written as the first invalid number
    (NaN for floats); ValueError where the number does not fit the type.
    """
    memory: Memory = {}
    for register in registers:
        if register.metric not in values:
            continue
        table = memory.setdefault(register.table, {})
        for at, word in enumerate(_encoded(register, values[register.metric])):
            address = register.address + at
            shares = register.type is DataType.BIT
            table[address] = table.get(address, 0) | word if shares else word
    return memory


def _encoded(register: Register, value: float | None) -> Sequence[int]:
    if register.type is DataType.BOOL:
        return (int(bool(value) != register.inverted),)
    if register.type is DataType.BIT and value is not None:
        return _swap(register, (_bits(register, value),))
    raw = _invalid(register) if value is None else (value - register.offset) / register.scale
    form = _FORMATS[register.type]
    try:
        packed = form.pack(raw if register.type in _FLOATS else round(raw))
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{register.metric} {value} does not fit {register.type}") from error
    words = _WORDS[register.byte_order, register.type.words].unpack(packed)
    return words[::-1] if register.word_order == "little" else words


def _bits(register: Register, value: float) -> int:
    """The inverse of `_field`, in its place of the word."""
    field = round((value - register.offset) / register.scale)
    low, high = (-1 << register.bits - 1, 1) if register.signed else (0, 2)
    if not low <= field < high << register.bits - 1:
        raise ValueError(f"{register.metric} {value} does not fit {register.bits} bits")
    if register.inverted:
        field = 1 - field
    return (field & (1 << register.bits) - 1) << (register.bit or 0)


def _swap(register: Register, words: tuple[int, ...]) -> Sequence[int]:
    return _WORDS[register.byte_order, 1].unpack(_WORDS["big", 1].pack(*words))


def _invalid(register: Register) -> float:
    if register.invalid:
        return register.invalid[0]
    if register.type in _FLOATS:
        return math.nan
    raise ValueError(f"{register.metric} has no number for 'no value': name one in 'invalid'")

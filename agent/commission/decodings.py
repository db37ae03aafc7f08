"""All that the words of a register may mean: types and word orders side by side (EDG-15). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.commission.plausible import is_plausible
from protocols.modbus.codec import decode_register
from protocols.modbus.profile import DataType, Register, Table

Order = Literal["big", "little"]

ORDERS: dict[str, tuple[Order, Order]] = {  # word order, byte order; letters as makers write them
    "ABCD": ("big", "big"),
    "CDAB": ("little", "big"),
    "BADC": ("big", "little"),
    "DCBA": ("little", "little"),
}
KEYS = "123456789abcdefghijklmnopqrstuvwxyz"
_TYPES = {
    1: (DataType.INT16, DataType.UINT16),
    2: (DataType.FLOAT32, DataType.INT32, DataType.UINT32),
    4: (DataType.FLOAT64, DataType.INT64, DataType.UINT64),
}
_SCALES = (1.0, 0.1, 0.01, 0.001)
_FLOATS = (DataType.FLOAT32, DataType.FLOAT64)


@dataclass(frozen=True, slots=True)
class Decoding:
    """`key` is what the installer presses; `register` is the choice, ready for a profile."""

    key: str
    order: str
    register: Register
    value: float
    is_plausible: bool

    @property
    def text(self) -> str:
        register = self.register
        return f"{register.type} {self.order} × {register.scale:g} = {self.value:.10g}"


def decodings(words: Sequence[int], metric: str, table: Table, address: int) -> list[Decoding]:
    """Likely ones first. What gives the same number is told once; ValueError for 3 words."""
    if len(words) not in _TYPES:
        raise ValueError(f"{len(words)} words make no number: read 1, 2 or 4.")
    found: dict[float, Decoding] = {}
    for register, order in _candidates(len(words), metric, table, address):
        value = decode_register(register, words)
        if value is None:
            continue
        good = is_plausible(metric, value)
        found.setdefault(value, Decoding("", order, register, value, good))
    ranked = sorted(found.values(), key=_rank)[: len(KEYS)]
    return [
        Decoding(key, d.order, d.register, d.value, d.is_plausible)
        for key, d in zip(KEYS, ranked, strict=False)
    ]


def _candidates(count: int, metric: str, table: Table, address: int) -> list[tuple[Register, str]]:
    orders = ORDERS if count > 1 else {"AB": ("big", "big"), "BA": ("big", "little")}
    return [
        (
            Register(
                metric=metric,
                table=table,
                address=address,
                type=kind,
                scale=scale,
                word_order=word_order,
                byte_order=byte_order,
            ),
            name,
        )
        for kind in _TYPES[count]
        for name, (word_order, byte_order) in orders.items()
        for scale in (_SCALES[:1] if kind in _FLOATS else _SCALES)
    ]


def _rank(decoding: Decoding) -> tuple[bool, bool, int, float]:
    """Plausible and not zero, floats of plain orders, small scales last."""
    orders = ["AB", "BA", *ORDERS]
    return (
        not decoding.is_plausible,
        decoding.value == 0,
        orders.index(decoding.order),
        -decoding.register.scale,
    )


def register_toml(register: Register) -> str:
    """The choice as a table of a profile."""
    lines = [
        "[[registers]]",
        f'metric = "{register.metric}"',
        f'table = "{register.table}"',
        f"address = {register.address}",
        f'type = "{register.type}"',
    ]
    if register.scale != 1:
        lines.append(f"scale = {register.scale:g}")
    if register.word_order != "big":
        lines.append('word_order = "little"')
    if register.byte_order != "big":
        lines.append('byte_order = "little"')
    return "\n".join(lines) + "\n"

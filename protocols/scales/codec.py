"""What serial scales are asked and what they answer; pure.

Sources: Mettler-Toledo 8217 and MT-SICS level 0, CAS PD-II, Adam AZExtra, as Odoo's scale drivers
and the MT-SICS reference describe them. Not tried on a real scale.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from protocols.errors import FrameError

POUND_KG = 0.45359237
_KG = {"kg": 1.0, "g": 0.001, "lb": POUND_KG, "oz": POUND_KG / 16, "t": 1000.0}
_TOLEDO = re.compile(rb"\x02\s*(\d*\.?\d+)\s*N?\r?")
_SICS = re.compile(rb"S\s+([SD])\s+(-?\d*\.?\d+)\s*([a-z]+)\s*")
_CAS = re.compile(rb"(ST|US),(?:GS|NT),\s*([+-]?)\s*(\d*\.?\d+)\s*([a-z]+)\s*")
_ADAM = re.compile(rb"(-?)\s*(\d*\.?\d+)\s*([a-z]+)\s*")


@dataclass(frozen=True, slots=True)
class Weight:
    """`kg` None: the scale answers, but what lies on it has no weight now: it moves, is too much,
    or less than nothing."""

    kg: float | None
    is_stable: bool


@dataclass(frozen=True, slots=True)
class ScaleProtocol:
    """`request` asks for one weight; the answer ends with `end`. `is_even7`: seven data bits and
    an even parity bit, on the wire as long as eight without."""

    request: bytes
    end: bytes
    decode: Callable[[bytes], Weight]
    is_even7: bool = False


def even7(data: bytes) -> bytes:
    """As 7E1 on a line of 8N1: the parity is the eighth bit."""
    return bytes(byte | (byte.bit_count() & 1) << 7 for byte in data)


def bare7(data: bytes) -> bytes:
    return bytes(byte & 0x7F for byte in data)


def toledo_8217(frame: bytes) -> Weight:
    """`STX 00.123 CR`; `STX ? <status> CR` while there is no weight. Kilograms, as it is set."""
    if frame.startswith(b"\x02?"):
        return Weight(None, is_stable=False)
    if found := _TOLEDO.fullmatch(frame):
        return Weight(float(found[1]), is_stable=True)
    raise _strange(frame)


def mt_sics(frame: bytes) -> Weight:
    """`S S 12.345 kg` stable, `S D …` moving; `S I`, `S +`, `S -` no weight now."""
    if found := _SICS.fullmatch(frame):
        return Weight(_kg(found[2], found[3], frame), is_stable=found[1] == b"S")
    if frame.split()[:2] in ([b"S", b"I"], [b"S", b"+"], [b"S", b"-"]):
        return Weight(None, is_stable=False)
    raise _strange(frame)


def cas_pd2(frame: bytes) -> Weight:
    """`ST,GS,+ 1.500kg`: stable or unstable, gross or net."""
    if found := _CAS.fullmatch(frame):
        kg = _kg(found[3], found[4], frame)
        return Weight(-kg if found[2] == b"-" else kg, is_stable=found[1] == b"ST")
    raise _strange(frame)


def adam_azextra(frame: bytes) -> Weight:
    """`1.500kg`, printed once it is stable."""
    if found := _ADAM.fullmatch(frame.strip()):
        kg = _kg(found[2], found[3], frame)
        return Weight(-kg if found[1] else kg, is_stable=True)
    raise _strange(frame)


SCALES: dict[str, ScaleProtocol] = {
    "toledo-8217": ScaleProtocol(b"W", b"\r", toledo_8217, is_even7=True),
    "mt-sics": ScaleProtocol(b"SI\r\n", b"\n", mt_sics),
    "cas-pd2": ScaleProtocol(b"W", b"g", cas_pd2),
    "adam-azextra": ScaleProtocol(b"P\r\n", b"g", adam_azextra),
}


def _kg(number: bytes, unit: bytes, frame: bytes) -> float:
    factor = _KG.get(unit.decode("ascii"))
    if factor is None:
        raise _strange(frame)
    return round(float(number) * factor, 6)


def _strange(frame: bytes) -> FrameError:
    return FrameError(f"{frame[:40]!r} is no answer of this scale: check its protocol and line.")

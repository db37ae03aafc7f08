"""Which model is it? Asks a unit what the profiles would read and keeps those that make sense.

A probe register with a known number is proof. Else a profile is as good as the share of its
registers that answer with a plausible value. Equal questions of many profiles are asked once.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from agent.commission.plausible import is_plausible
from agent.commission.scan import QUESTION
from agent.drivers.modbus import Bus
from protocols.errors import DeviceRefusedError, DeviceTimeoutError, FrameError
from protocols.modbus.codec import Block, decode, plan
from protocols.modbus.profile import Profile, Register, Table, load_profile, profile_names

MOST_REQUESTS = 200
MOST_SECONDS = 45.0
_MOST_BLOCKS = 6
_IDLE_VALUE = 0.6  # zero proves less than a number
_UNIDENTIFIED = 0.9  # the register that should tell its model is not there
_ENOUGH = 0.45  # below, a profile is no candidate


class Proof(StrEnum):
    IDENTITY = "identity"  # the probe register holds the maker's number of this model
    HINT = "hint"  # the probe register is there; its number is not known
    VALUES = "values"  # its registers answer and make sense


@dataclass(frozen=True, slots=True)
class Match:
    """`score` 0 to 1; `strange` are metrics whose value cannot be in a shop."""

    name: str
    profile: Profile
    score: float
    proof: Proof
    values: dict[str, float | None]
    refused: int = 0
    strange: tuple[str, ...] = ()


class Questions:
    """One unit's answers, each question asked once; None: refused or silent."""

    def __init__(self, bus: Bus, unit_id: int) -> None:
        self.requests = 0
        self._bus, self._unit_id = bus, unit_id
        self._known: dict[tuple[Table, int, int], list[int] | None] = {}
        self._deadline = time.monotonic() + MOST_SECONDS
        self._pause_s = 0.0

    @property
    def is_spent(self) -> bool:
        return self.requests >= MOST_REQUESTS or time.monotonic() > self._deadline

    async def ask(self, block: Block, pause_s: float = 0.0) -> list[int] | None:
        key = (block.table, block.address, block.count)
        if key not in self._known:
            self._known[key] = None if self.is_spent else await self._ask(block, pause_s)
        return self._known[key]

    async def _ask(self, block: Block, pause_s: float) -> list[int] | None:
        self.requests += 1
        try:
            return await self._bus.read(self._unit_id, block, pause_s=pause_s)
        except DeviceRefusedError:
            return None
        except (DeviceTimeoutError, FrameError):
            await self._recover()
            return None

    async def greet(self) -> None:
        """A question that every unit answers or refuses. Raises ProtocolError."""
        self.requests += 1
        try:
            await self._bus.read(self._unit_id, QUESTION)
        except DeviceRefusedError:
            return

    async def _recover(self) -> None:
        """Some devices answer nothing where others refuse. The line leaves a silent unit alone for
        a while; the greeting brings it back. Raises ProtocolError where it stays away."""
        for pause_s in (0.3, 1.2):
            await asyncio.sleep(pause_s)
            with suppress(DeviceTimeoutError, FrameError):
                await self.greet()
                return
        await asyncio.sleep(2.0)
        await self.greet()


async def identify(bus: Bus, unit_id: int, *, is_rtu: bool) -> list[Match]:
    """Candidates, the best first; empty where the unit fits none. Writes nothing.

    Raises ProtocolError where the unit is silent.
    """
    questions = Questions(bus, unit_id)
    await questions.greet()
    known = shipped_profiles(is_rtu=is_rtu)
    matches = [await _match(questions, name, profile) for name, profile in known]
    found = [match for match in matches if match is not None]
    return sorted(found, key=lambda m: (m.proof is not Proof.IDENTITY, -m.score, -len(m.values)))


def shipped_profiles(*, is_rtu: bool) -> list[tuple[str, Profile]]:
    """Those that may hang on such a bus; an RTU device may be behind a gateway too."""
    return [(name, p) for name, p in _shipped() if not is_rtu or p.transport == "rtu"]


@cache
def _shipped() -> tuple[tuple[str, Profile], ...]:
    return tuple((name, load_profile(name)) for name in profile_names())


async def _match(questions: Questions, name: str, profile: Profile) -> Match | None:
    proof = await _identity(questions, profile)
    if proof is None:
        return None
    values: dict[str, float | None] = {}
    refused = 0
    for place, block in enumerate(plan(profile)[:_MOST_BLOCKS]):
        got = await _values(questions, block, profile)
        if not got and place == 0 and len(block.registers) > 2:
            return None  # the core of its map is not there
        values |= got
        refused += len(block.registers) - len(got)
    return _judge(name, profile, proof, values, refused)


async def _identity(questions: Questions, profile: Profile) -> Proof | None:
    """None: it is another model."""
    probe = profile.probe
    if probe is None:
        return Proof.VALUES
    words = await questions.ask(
        Block(probe.table, probe.address, probe.words), profile.pause_ms / 1000
    )
    if not probe.equals:
        return Proof.VALUES if words is None else Proof.HINT
    number = 0
    for word in words or []:
        number = number << 16 | word
    return Proof.IDENTITY if number in probe.equals else None


async def _values(questions: Questions, block: Block, profile: Profile) -> dict[str, float | None]:
    """Of the block as one; where it is refused, of its first register alone."""
    pause_s = profile.pause_ms / 1000
    words = await questions.ask(block, pause_s)
    if words is None and len(block.registers) > 1:
        block = block.split()[0]
        words = await questions.ask(block, pause_s)
    return {} if words is None else decode(block, words)


def _judge(
    name: str, profile: Profile, proof: Proof, values: dict[str, float | None], refused: int
) -> Match | None:
    registers = {register.metric: register for register in profile.registers}
    marks = [_mark(registers[metric], value) for metric, value in values.items()]
    if not marks:
        return None
    strange = tuple(
        metric
        for metric, value in values.items()
        if value is not None and not is_plausible(metric, value, registers[metric].codes)
    )
    share = sum(marks) / (len(marks) + refused)
    if profile.probe and proof is Proof.VALUES:
        share *= _UNIDENTIFIED
    score = share * (1 - 0.55 ** len(marks))  # two registers prove less than twenty
    if proof is not Proof.IDENTITY and share < _ENOUGH:
        return None
    return Match(name, profile, round(score, 3), proof, values, refused, strange)


def _mark(register: Register, value: float | None) -> float:
    if value is None:
        return _IDLE_VALUE / 2
    if not is_plausible(register.metric, value, register.codes):
        return 0.0
    return 1.0 if value else _IDLE_VALUE


def best(matches: Sequence[Match]) -> Match | None:
    """The one that may be taken without a question: proof, or far ahead of the next."""
    if not matches:
        return None
    first, *others = matches
    if first.proof is Proof.IDENTITY:
        return first
    is_ahead = not others or first.score - others[0].score >= 0.08
    return first if is_ahead and first.score >= 0.55 else None

"""The one limit rule that agent and hub share: a value beyond its limit for long enough. Pure.

Time beyond the limit adds up while the value stays there; back behind the hysteresis it runs off at
half speed, so that a door opened and closed does not start it anew. An alarm ends after `clear_s`
in a row behind the hysteresis. The hub counts the same for all series at once with arrays.
"""

from dataclasses import dataclass, replace

GAP_S = 600.0  # a longer silence says nothing about what was between


@dataclass(frozen=True, slots=True)
class Limit:
    """Beyond `value`: above it, or below it where `is_low`."""

    value: float
    hold_s: float
    clear_s: float = 600.0
    hysteresis: float = 0.0
    is_low: bool = False

    def is_beyond(self, value: float) -> bool:
        return value < self.value if self.is_low else value > self.value

    def is_behind(self, value: float) -> bool:
        if self.is_low:
            return not value < self.value + self.hysteresis
        return not value > self.value - self.hysteresis


@dataclass(frozen=True, slots=True)
class LimitState:
    """`gone_s` is -1 while the value is not behind the hysteresis."""

    is_active: bool = False
    held_s: float = 0.0
    gone_s: float = -1.0
    was_beyond: bool = False


def step(
    limit: Limit, state: LimitState, value: float, dt_s: float, *, rests: bool = False
) -> LimitState:
    """The state after a reading, `dt_s` after the one before; `rests`: this one does not count."""
    beyond = limit.is_beyond(value) and not rests
    behind = limit.is_behind(value) and not rests
    passed_s = dt_s if dt_s <= GAP_S else 0.0
    held_s = state.held_s
    if beyond and state.was_beyond:
        held_s += passed_s
    if behind:
        held_s -= passed_s / 2
    held_s = min(max(held_s, 0.0), limit.hold_s)
    gone_s = -1.0
    if behind:
        gone_s = state.gone_s + passed_s if state.gone_s >= 0.0 else 0.0
    is_active = state.is_active or (beyond and held_s >= limit.hold_s)
    after = LimitState(is_active, held_s, gone_s, beyond)
    if is_active and behind and gone_s >= limit.clear_s:
        return replace(after, is_active=False, held_s=0.0)
    return after

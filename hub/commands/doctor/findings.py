"""What a look at a hub finds: sentences with their weight, told in either language."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from hub import control
from hub.errors import HubError, T
from hub.settings import HubSettings

ASK_LIMIT_S = 15.0


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; the sentence says what to do unless all is well."""

    part: str
    state: State
    says: T


@dataclass(frozen=True)
class Patient:
    """The hub of these settings, running or not."""

    settings: HubSettings

    @cached_property
    def state(self) -> control.Answer | None:
        """What the running hub says of itself; None when none runs."""
        return control.ask(self.settings.data_dir, "state", ASK_LIMIT_S)

    @property
    def numbers(self) -> dict[str, float]:
        return {} if self.state is None else self.state["numbers"]


Check = Callable[[Patient], Iterable[Finding]]


def ok(part: str, zh: str, en: str) -> Finding:
    return Finding(part, State.OK, T(zh, en))


def warning(part: str, zh: str, en: str) -> Finding:
    return Finding(part, State.WARNING, T(zh, en))


def failed(part: str, zh: str, en: str) -> Finding:
    return Finding(part, State.FAILED, T(zh, en))


def examine(settings: HubSettings, checks: Sequence[tuple[str, Check]]) -> list[Finding]:
    """All findings in order; a check that breaks is a finding as well."""
    patient = Patient(settings)
    found: list[Finding] = []
    for part, check in checks:
        try:
            found += check(patient)
        except HubError as error:
            found.append(Finding(part, State.FAILED, error.text))
        except Exception as error:  # noqa: BLE001 boundary: the other checks still help
            found.append(failed(part, f"检查不成：{error}", f"could not be examined: {error}"))
    return found


def report(found: Sequence[Finding], *, as_json: bool) -> int:
    """1 when anything has failed."""
    if as_json:
        rows = [{"part": f.part, "state": f.state, "zh": f.says.zh, "en": f.says.en} for f in found]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    else:
        is_zh = os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh")
        for f in found:
            says = f.says.zh if is_zh else f.says.en
            sys.stdout.write(f"{f.state:8} {f.part}: {says}\n")
    return int(any(f.state is State.FAILED for f in found))

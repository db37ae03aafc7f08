"""Carries out one order, in a process of its own: cryptography and pip stay out of the agent.

`python -m agent.remote.worker CONFIG LOCAL`, on standard input a JSON object with `order` (the
signed order as it came) and `online` (devices that answer). Each line on standard output is a
document for the hub: metric, a space, JSON. Exit status `trial.RESTART` asks for a restart.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.launch import LAUNCHED
from agent.remote import configure, trial, update
from agent.remote.ledger import Ledger
from agent.remote.update import Bundle, FailedError
from agent.remote.verify import RefusedError, verified
from agent.settings import AgentSettings, load_settings
from agent.words import T
from protocols.errors import FrameError
from protocols.orders import (
    RESULT,
    SELF_TEST,
    Order,
    Outcome,
    Result,
    Verb,
    encode,
    parse_signed,
)

DONE = T("已完成。", "Done.")
BEGUN = T("开始执行。", "Begun.")
ON_TRIAL = T("已切换，正在验证。", "Switched; it has to prove itself now.")
_NOT_ALLOWED = T("这台采集端不允许此操作。", "This agent does not allow that.")
_NOT_LAUNCHED = T(
    "采集端不是由启动程序启动的，无法自动退回，因此不执行。",
    "The agent was not started by its launcher and could not go back by itself: nothing was done.",
)
_NO_IDENTITY = T(
    "这台采集端没有中心的身份，不接受指令。",
    "This agent has no identity from a hub and takes no orders.",
)


@dataclass(frozen=True, slots=True)
class Work:
    """What an order works on."""

    order: Order
    settings: AgentSettings
    config: Path
    local: Path
    online: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return self.settings.agent.data_dir / trial.FOLDER

    @property
    def identity(self) -> Path:
        return self.settings.agent.data_dir / "identity"

    def begin_trial(self, what: str, content: bytes) -> None:
        trial.begin(self.folder, trial.Trial(self.order.id, what, self.online), content)


def _configure(work: Work) -> int:
    _demand_launched()
    text = str(work.order.arguments.get("text", ""))
    fresh = work.folder / "wished.toml"
    work.begin_trial(trial.CONFIGURATION, configure.ready(text, work.config, work.local, fresh))
    return trial.RESTART


def _update(work: Work) -> int:
    _demand_launched()
    given = work.order.arguments
    bundle = Bundle.of(given.get("version"), given.get("sha256"), given.get("size"))
    about = json.loads((work.identity / "identity.json").read_text("utf-8"))
    authority = work.identity / "ca.crt"
    path = update.fetch(about["hub"], authority, bundle, work.folder / "bundles")
    place = update.install(path, bundle, work.folder / "versions")
    update.demand_fit(place, work.config, work.local)
    work.begin_trial(trial.SOFTWARE, update.content(place))
    path.unlink()
    update.sweep(work.folder)
    return trial.RESTART


def _restart(_work: Work) -> int:
    return trial.RESTART


def _check(work: Work) -> int:
    from agent.cli.report import make_report  # noqa: PLC0415 half of the agent; for this alone
    from agent.commission.report import text  # noqa: PLC0415

    tell(SELF_TEST, text(make_report(work.config, work.settings)))
    return 0


VERBS: Mapping[Verb, Callable[[Work], int]] = {
    Verb.CONFIGURE: _configure,
    Verb.UPDATE: _update,
    Verb.RESTART: _restart,
    Verb.CHECK: _check,
}


def _demand_launched() -> None:
    if not os.environ.get(LAUNCHED):
        raise RefusedError(_NOT_LAUNCHED)


def tell(metric: str, text: str) -> None:
    sys.stdout.write(f"{metric} {json.dumps(text)}\n")
    sys.stdout.flush()


def answer(order_id: str, outcome: Outcome, text: T) -> Result:
    return Result(order_id, outcome, text.zh, text.en)


def carry_out(settings: AgentSettings, config: Path, local: Path, asked: Mapping[str, Any]) -> int:
    """The exit status. An order that was taken before is answered again, and not done."""
    folder = settings.agent.data_dir / trial.FOLDER
    authority = settings.agent.data_dir / "identity" / "ca.crt"
    ledger = Ledger(folder)
    signed = parse_signed(str(asked.get("order", "")))
    try:
        if not authority.exists():
            raise RefusedError(_NO_IDENTITY)
        order = verified(signed, authority, settings.agent.id, datetime.now(UTC))
    except RefusedError as error:
        told = _claimed(signed.text)
        if told:
            tell(RESULT, encode(answer(told, Outcome.REFUSED, error.text)))
        return 0
    if (before := ledger.find(order.id)) is not None:
        tell(RESULT, encode(before))
        return 0
    work = Work(order, settings, config, local, tuple(map(str, asked.get("online", ()))))
    return _do(work, ledger)


def _do(work: Work, ledger: Ledger) -> int:
    order = work.order
    ledger.note(order, answer(order.id, Outcome.BEGUN, BEGUN))
    status = 0
    try:
        if order.verb not in work.settings.remote.allow:
            raise RefusedError(_NOT_ALLOWED)
        status = VERBS[order.verb](work)
        is_tried = order.verb in (Verb.CONFIGURE, Verb.UPDATE)
        outcome, text = (Outcome.ON_TRIAL, ON_TRIAL) if is_tried else (Outcome.DONE, DONE)
    except RefusedError as error:
        outcome, text = Outcome.REFUSED, error.text
    except FailedError as error:
        outcome, text = Outcome.FAILED, error.text
    except (OSError, ValueError, KeyError) as error:
        outcome, text = Outcome.FAILED, T(f"执行失败：{error}", f"It failed: {error}")
    result = answer(order.id, outcome, text)
    ledger.note(order, result)
    tell(RESULT, encode(result))
    return status


def _claimed(text: str) -> str:
    """The id that an order claims to have, so that the hub hears why nothing was done."""
    try:
        return str(json.loads(text)["id"])[:64]
    except (ValueError, KeyError, TypeError):
        return ""


def main(config: Path, local: Path) -> int:
    try:
        asked = json.loads(sys.stdin.read())
        return carry_out(load_settings(config), config, local, asked)
    except (FrameError, ValueError, OSError) as error:
        sys.stderr.write(f"An order was not understood: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

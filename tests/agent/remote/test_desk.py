"""The desk in the running agent: what it tells at the start, proofs, reports (EDG-10, EDG-14)."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from agent.remote import trial
from agent.remote.desk import MOST_WAITING, OrderDesk, RestartError, Site, View
from agent.remote.ledger import Ledger
from agent.remote.trial import CONFIGURATION, Trial
from protocols.orders import Outcome, Result, parse_result
from protocols.reading import Reading
from tests.agent.remote.conftest import Desk


@dataclass
class Running:
    """An agent with one meter, as far as the desk sees it."""

    desk: Desk
    acks: int = 1
    online: list[str] = field(default_factory=lambda: ["meter-1"])
    said: list[tuple[str, str]] = field(default_factory=list)

    def take(self, readings: Sequence[Reading], *, urgent: bool) -> None:
        self.said += [(reading.metric, str(reading.value)) for reading in readings]

    def results(self) -> list[Result]:
        return [parse_result(text) for metric, text in self.said if metric == "order_result"]

    async def run(self, seconds: float) -> None:
        view = View(lambda: self.online, lambda: ["meter-1"], lambda: self.acks)
        site = Site(self.desk.config, self.desk.config)
        made = OrderDesk(self.desk.settings, site, self.take, view)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await made.run()


@pytest.fixture
def running(desk: Desk) -> Running:
    text = desk.config.read_text()
    desk.config.write_text(text + "[remote]\ntrial_s = 0.1\n")
    return Running(desk)


def begin(running: Running) -> None:
    tried = Trial("o-1", CONFIGURATION, ("meter-1", "gone-since"))
    trial.begin(running.desk.remote, tried, b"new")


def test_it_tells_what_runs_and_sends_reports_that_wait(running: Running) -> None:
    reports = running.desk.remote / "reports"
    trial.replace(reports / "self-test-1.json", b'{"kind": "self-test"}')
    asyncio.run(running.run(0.2))
    (described, reported) = running.said
    told = json.loads(described[1])
    assert (described[0], told["can_go_back"]) == ("self_description", False)
    assert "hunter2" not in told["configuration"]
    assert reported == ("self_test_report", '{"kind": "self-test"}')
    assert list(reports.iterdir()) == []


def test_what_answers_as_before_has_proved_itself(running: Running) -> None:
    begin(running)
    asyncio.run(running.run(0.2))
    assert [result.outcome for result in running.results()] == [Outcome.DONE]
    assert trial.read(running.desk.remote) is None


@pytest.mark.parametrize(("acks", "online"), [(0, ["meter-1"]), (1, [])])
def test_what_does_not_goes_back_and_the_next_start_tells_why(
    running: Running, acks: int, online: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.remote.desk.LOOK_S", 0.02)
    begin(running)
    running.acks, running.online = acks, online
    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(running.run(5))
    assert raised.group_contains(RestartError)
    trial.count_start(running.desk.remote)
    asyncio.run(running.run(0.1))
    (result,) = running.results()
    assert result.outcome is Outcome.RETURNED
    assert ("hub" if not acks else "meter-1") in result.en


def test_an_order_that_was_cut_off_is_told_as_failed(running: Running) -> None:
    order = running.desk.order()
    Ledger(running.desk.remote).note(order, Result(order.id, Outcome.BEGUN, "", ""))
    for _ in range(2):
        asyncio.run(running.run(0.1))
    assert [result.outcome for result in running.results()] == [Outcome.FAILED], "once"


def test_commands_do_not_pile_up(running: Running) -> None:
    view = View(tuple, tuple, lambda: 1)
    site = Site(running.desk.config, running.desk.config)
    made = OrderDesk(running.desk.settings, site, running.take, view)
    for number in range(50):
        made.take(f"order {number}")
        made.take("order 0")
    assert len(made._waiting) == MOST_WAITING

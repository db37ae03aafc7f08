"""The agent as a whole, without a broker: it holds everything, it stops when told (EDG-01)."""

import asyncio
import logging
import os
import signal
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.app import mqtt_options, open_outbox, run_agent
from agent.health import METRICS
from agent.outbox import Outbox
from agent.outbox_report import inspect
from agent.remote.desk import OrderDesk, Site
from agent.settings import AgentSettings, SettingsError, load_settings
from agent.systemd import Notifier
from protocols.reading import Reading

CONFIG = """
[agent]
id = "store-1"
data_dir = "{folder}"

[uplink]
url = "mqtt://127.0.0.1:1"
group = "chain-0"
username = "store-1"
password_file = "{folder}/password"
"""


@pytest.fixture
def settings(tmp_path: Path) -> AgentSettings:
    (tmp_path / "agent.toml").write_text(CONFIG.format(folder=tmp_path))
    (tmp_path / "password").write_text("hunter2\n")
    return load_settings(tmp_path / "agent.toml")


def site(settings: AgentSettings) -> Site:
    config = settings.agent.data_dir / "agent.toml"
    return Site(config, config)


def fill(settings: AgentSettings) -> None:
    with Outbox(settings.outbox_path) as outbox:
        for n in range(10):
            at = datetime(2026, 1, 5, 8, n, tzinfo=UTC)
            outbox.append([Reading("meter-1", "power_w", float(n), at)], urgent=True)
            while outbox.rows_waiting <= n:  # each is a batch of its own
                time.sleep(0.001)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_until_a_signal_and_keeps_what_it_read(
    settings: AgentSettings, number: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        asyncio.get_running_loop().call_later(0.5, os.kill, os.getpid(), number)
        await run_agent(settings, Notifier(), site(settings))

    with caplog.at_level(logging.INFO):
        asyncio.run(scenario())
    assert f"The agent stops ({number.name})." in caplog.messages
    report = inspect(settings.outbox_path)
    assert report.values_waiting >= 3, "its own health"
    assert report.metrics == len(METRICS) + len(OrderDesk.series())


def test_somebody_elses_cancellation_goes_through(settings: AgentSettings) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(0.3):
            await run_agent(settings, Notifier(), site(settings))

    with pytest.raises(TimeoutError):
        asyncio.run(scenario())


def test_the_broker_is_told_name_and_password(settings: AgentSettings) -> None:
    (options,) = mqtt_options(settings)
    assert (options.client_id, options.username, options.password) == (
        "store-1",
        "store-1",
        "hunter2",
    )


def test_a_missing_password_file_is_said(settings: AgentSettings, tmp_path: Path) -> None:
    (tmp_path / "password").unlink()
    with pytest.raises(SettingsError, match="password"):
        mqtt_options(settings)


def test_a_damaged_outbox_is_repaired_at_start(
    settings: AgentSettings, caplog: pytest.LogCaptureFixture
) -> None:
    """R9: in a store nobody is there to do it; nothing of it is silent."""
    fill(settings)
    path = settings.outbox_path
    with sqlite3.connect(path) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'batch'").fetchone()
    db.close()
    data = bytearray(path.read_bytes())
    data[(page - 1) * 4096] = 0xFF
    path.write_bytes(data)
    with open_outbox(settings) as outbox:
        assert [batch.id for batch in outbox.read(outbox.epochs[0], 0, 20)] == [*range(1, 11)]
        assert outbox.alias("meter-1", "power_w") == 1
    assert "0 batches saved, 10 lost" in caplog.text
    assert list(path.parent.glob("outbox.sqlite.damaged-*"))


def test_where_nothing_can_be_saved_a_new_one_begins_with_a_gap(
    settings: AgentSettings, caplog: pytest.LogCaptureFixture
) -> None:
    fill(settings)
    path = settings.outbox_path
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 8192)
    with open_outbox(settings) as outbox:
        outbox.bulk([])
        first = outbox.read(outbox.epochs[0], 0, 10)
        assert [batch.metrics for batch in first] == [b""]
    assert "a new one begins" in caplog.text


def test_another_programs_file_is_not_touched(settings: AgentSettings) -> None:
    with sqlite3.connect(settings.outbox_path) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()
    with pytest.raises(Exception, match="another program"):
        open_outbox(settings)
    assert not list(settings.outbox_path.parent.glob("*damaged*"))

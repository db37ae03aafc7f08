"""The installer's commands as a shell sees them: exit code, stdout, stderr."""

import json
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.cli.main import main
from agent.outbox import Outbox
from protocols.reading import Reading

CONFIG = """
[agent]
id = "store-1"
data_dir = "{folder}"

[uplink]
url = "{url}"
group = "chain-0"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "agent.toml"
    file.write_text(CONFIG.format(folder=tmp_path, url="mqtt://127.0.0.1:1"))
    return file


def filled(path: Path, batches: int = 3) -> None:
    with Outbox(path) as outbox:
        for n in range(batches):
            at = datetime(2026, 1, 5, 8, n, tzinfo=UTC)
            outbox.append([Reading("meter-1", "power_w", float(n), at)], urgent=True)
            while outbox.rows_waiting <= n:  # each is a batch of its own
                time.sleep(0.001)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert all(
        name in text
        for name in ("run", "setup", "scan", "probe", "check", "doctor", "outbox", "simulate")
    )


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["walk"],
        ["outbox", "burn"],
        ["run", "--fast"],
        ["scan", "--tcp-port", "99999"],
        ["scan", "--seconds", "nan"],
        ["probe", "--port", "x", "--timeout", "-1"],
        ["probe"],
        ["check", "--lang", "de"],
    ],
)
def test_wrong_usage_is_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2


@pytest.mark.parametrize("command", ["run", "check", "outbox"])
def test_a_missing_configuration_is_1_and_a_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--config", str(tmp_path / "agent.toml")]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"storevitals-agent {command}: ")
    assert "agent.toml" in said.err


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_broker_in_the_clear_is_refused(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(CONFIG.format(folder=tmp_path, url="mqtt://hub.example"))
    assert main([command, "--config", str(file)]) == 1
    assert "[uplink]" in (text := capsys.readouterr().err)
    assert "use mqtts://" in text


def test_outbox_shows_what_waits(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled(config.parent / "outbox.sqlite")
    assert main(["outbox", "--config", str(config)]) == 0
    assert "waiting for the hub: 3 batches, 3 readings" in capsys.readouterr().out
    assert main(["outbox", "--config", str(config), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["rows_waiting"], document["values_waiting"]) == (3, 3)
    assert document["epochs"][0]["last"] == 3
    assert document["oldest_waiting_at"].endswith("+00:00")


def test_outbox_can_be_looked_at_while_the_agent_writes(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config.parent / "outbox.sqlite"
    with Outbox(path) as outbox:
        outbox.append([Reading("meter-1", "power_w", 1.0, datetime.now(UTC))], urgent=True)
        outbox.bulk([])
        assert main(["outbox", "--file", str(path)]) == 0
        assert main(["outbox", "repair", "--file", str(path)]) == 1
    said = capsys.readouterr()
    assert "1 batches" in said.out
    assert "in use by another process" in said.err


def test_outbox_repair_says_what_was_saved(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config.parent / "outbox.sqlite"
    filled(path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE batch SET crc = crc + 1 WHERE key & 255 = 2")
    db.close()
    assert main(["outbox", "repair", "--file", str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["saved"], document["lost"]) == (2, 1)
    assert Path(document["kept_as"]).exists()
    assert main(["outbox", "repair", "--file", str(path)]) == 0
    assert "sound" in capsys.readouterr().out


def test_an_outbox_that_is_not_there_is_1(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outbox", "--config", str(config)]) == 1
    assert "There is no outbox" in capsys.readouterr().err


def test_check_tells_each_part(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing listens at the broker's address: that part fails with what to do, the rest is ok."""
    assert main(["check", "--config", str(config), "--json"]) == 1
    findings = {f["part"]: f for f in json.loads(capsys.readouterr().out)}
    assert findings["configuration"]["is_ok"]
    assert findings["outbox"]["is_ok"]
    assert not findings["broker"]["is_ok"]
    assert "is the broker running?" in findings["broker"]["text"]
    assert "is it running" in findings["broker"]["todo"]
    assert findings["configuration"]["state"] == "warning"  # no device yet: how to add one
    assert "setup" in findings["configuration"]["todo"]


def test_what_is_wrong_says_what_to_do_in_both_languages(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Edge 19: every failed line names the part and the next step."""
    for language, word, arrow in (("zh", "有问题", "端口不对"), ("en", "FAILED", "is it running")):
        assert main(["check", "--config", str(config), "--lang", language]) == 1
        failures = [line for line in capsys.readouterr().out.splitlines() if line.startswith(word)]
        assert failures
        assert all("→" in line for line in failures)
        assert arrow in failures[0]


def test_outbox_says_in_words_that_nothing_waits_or_was_dropped(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config.parent / "outbox.sqlite"
    filled(path)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM batch WHERE key & 255 < 3")
    db.close()
    assert main(["outbox", "--file", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows_dropped"] == 2
    assert main(["outbox", "--file", str(path), "--lang", "zh"]) == 0
    assert "最早的 2 批未发送就被清除" in capsys.readouterr().out


def test_doctor_tells_of_the_machine_and_a_wrong_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--config", str(tmp_path / "none.toml"), "--json"]) == 1
    findings = {f["part"]: f for f in json.loads(capsys.readouterr().out)}
    assert {"versions", "configuration", "disk", "clock", "network"} <= set(findings)
    assert findings["configuration"]["todo"]


def test_check_leaves_a_running_agent_alone(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Outbox(config.parent / "outbox.sqlite"):
        assert main(["check", "--config", str(config)]) == 0
    assert "the agent is running" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["scan", "--units", "0-300"],
        ["scan", "--network", "8.8.8.0/24"],
        ["scan", "--network", "own", "--units", "x"],
        ["scan", "--mqtt", "http://broker"],
        ["scan", "--port", "/nowhere/tty"],
        ["probe", "--host", ""],
        ["probe", "--port", "/dev/null", "--words", "input:99999"],
        ["setup", "--yes", "--port", "/nowhere/tty", "--config", "/proc/agent.toml"],
        ["setup", "--yes", "--zone", "Mars/North", "--port", "/nowhere/tty"],
        ["report", "--config", "/nowhere/agent.toml"],
    ],
)
def test_nothing_ends_in_a_traceback(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 with a sentence, in both languages; never a traceback (edge 19)."""
    config = [] if "--config" in words else ["--config", str(tmp_path / "agent.toml")]
    config = [] if words[0] == "probe" else config
    for language in ("zh", "en"):
        assert main([*words, *config, "--lang", language]) == 1
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert "should not be" not in said.err
        assert (said.err or said.out).strip()

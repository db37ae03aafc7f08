"""The launcher chooses what runs: configuration and software that hold (EDG-14)."""

import json
import sys

from agent.launch import base_mark, command, installed
from agent.remote import trial
from agent.remote.trial import CONFIGURATION, SOFTWARE, Trial
from tests.agent.remote.conftest import Desk


def test_without_orders_the_local_file_and_this_software_run(desk: Desk) -> None:
    words = [sys.executable, "-P", "-m", "agent.cli.main", "run"]
    local = ["--config", str(desk.config), "--local-config", str(desk.config)]
    assert command(desk.config) == [*words, *local]


def test_the_hubs_configuration_runs_until_somebody_changes_the_local_one(desk: Desk) -> None:
    ordered = desk.remote / CONFIGURATION
    trial.replace(ordered, f"[agent]\n{base_mark(desk.config)}\n".encode())
    assert command(desk.config)[6] == str(ordered)
    desk.config.write_text(desk.config.read_text() + "# changed by the installer\n")
    assert command(desk.config)[6] == str(desk.config)


def test_a_bundle_runs_until_a_newer_one_is_installed_by_hand(desk: Desk) -> None:
    python = desk.remote / "versions" / "9.9-abc" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    chosen = {"name": "9.9-abc", "base": installed()}
    trial.replace(desk.remote / SOFTWARE, json.dumps(chosen).encode())
    assert command(desk.config)[0] == str(python)
    trial.replace(desk.remote / SOFTWARE, json.dumps(chosen | {"base": "another"}).encode())
    assert command(desk.config)[0] == sys.executable
    trial.replace(desk.remote / SOFTWARE, b'{"name": ')
    assert command(desk.config)[0] == sys.executable, "a torn file chooses nothing"


def test_each_start_of_a_trial_counts_and_the_last_goes_back(desk: Desk) -> None:
    content = f"[agent]\n{base_mark(desk.config)}\n".encode()
    trial.begin(desk.remote, Trial("o-1", CONFIGURATION), content)
    chosen = [command(desk.config)[6] for _ in range(4)]
    assert chosen == [str(desk.remote / CONFIGURATION)] * 3 + [str(desk.config)]


def test_a_broken_local_file_still_finds_its_orders(desk: Desk) -> None:
    desk.config.write_text("[agent")
    assert command(desk.config)[5:7] == ["--config", str(desk.config)]

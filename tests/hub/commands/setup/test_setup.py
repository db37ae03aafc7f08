"""What setup writes, and how; the whole of it runs in tests/faults/test_setup.py."""

import argparse
import getpass
import grp
import json
import os
import tomllib
from pathlib import Path

import pytest

from hub.commands.setup import files, steps
from hub.commands.setup.command import arguments, run
from hub.commands.setup.machine import Did, Machine, MachineError, Owner, Wanted
from hub.settings import load_settings

PLACE = files.Place("hub.lan", ("192.0.2.7", "localhost"))
ME = Owner(getpass.getuser(), grp.getgrgid(os.getegid()).gr_name)


def test_the_settings_are_taken_as_written(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_bytes(files.settings_file(PLACE).text)
    settings = load_settings(file)
    assert settings.is_https
    assert settings.base_url == "https://hub.lan"
    assert settings.agents_url == "mqtts://hub.lan:8883"
    assert settings.certificate_hosts == "192.0.2.7, localhost"
    assert settings.proxy_address == "127.0.0.1"
    assert settings.data_dir == files.DATA
    assert steps.read_settings(file) == settings


def test_settings_of_somebody_elses_without_tls_are_refused_with_what_is_missing(
    tmp_path: Path,
) -> None:
    file = tmp_path / "hub.toml"
    file.write_text('public_url = "https://hub.lan"\n')
    with pytest.raises(MachineError, match="agents_url"):
        steps.read_settings(file)


def test_nothing_is_left_to_fill_in(tmp_path: Path) -> None:
    broker, rights = files.broker_files(Path("/usr/lib/x/plugin.so"))
    assert b"{" not in broker.text.replace(b"{pki}, {state}, {plugin} and {port}", b"")
    assert b"require_certificate true" in broker.text
    assert (rights.mode, rights.is_theirs) == (0o600, True)
    names = {one["username"] for one in json.loads(rights.text)["clients"]}
    assert names == {"storevitals-hub", "storevitals-keeper", "storevitals-worker"}
    assert b"127.0.0.1:8090" in files.proxy_file(8090).text
    pki = Path(tmp_path)
    for name in files.HANDED_TO_BROKER:
        (pki / name).write_bytes(name.encode())
    handed = files.certificates(pki)
    assert {one.mode for one in handed} == {0o600}
    assert tomllib.loads(files.settings_file(PLACE).text.decode())["data_dir"] == str(files.DATA)


def test_a_file_is_written_once_and_a_packages_own_is_kept_beside(tmp_path: Path) -> None:
    machine, path = Machine(), tmp_path / "mosquitto.conf"
    path.write_text("the package's")
    wanted = Wanted(path, b"ours", 0o640, ME, is_packages=True)
    assert [machine.put(wanted) for _ in range(2)] == [Did.CHANGED, Did.KEPT]
    assert path.stat().st_mode & 0o777 == 0o640
    assert machine.put(Wanted(path, b"newer", 0o640, ME, is_packages=True)) is Did.CHANGED
    assert (tmp_path / "mosquitto.conf.before-storevitals").read_text() == "the package's"
    theirs = Wanted(path, b"not asked for", 0o640, ME, is_theirs=True)
    assert machine.put(theirs) is Did.KEPT
    assert path.read_bytes() == b"newer"
    assert machine.put(Wanted(tmp_path / "new", b"", 0o600, ME)) is Did.MADE
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "mosquitto.conf",
        "mosquitto.conf.before-storevitals",
        "new",
    ]


class Bare(Machine):
    """A machine on which nothing is installed yet."""

    is_root = True

    def find(self, program: str) -> str | None:
        return None

    def plugin(self) -> Path | None:
        return None


def test_everything_missing_is_named_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    arguments(parser)
    assert run(parser.parse_args([]), Bare()) == 1
    said = capsys.readouterr()
    assert "sudo apt-get install mosquitto nginx" in said.err
    assert said.out == ""


def test_a_command_that_fails_is_told_with_its_own_words() -> None:
    with pytest.raises(MachineError, match="no-such-program"):
        Machine().run("no-such-program")
    with pytest.raises(MachineError, match="cannot access"):
        Machine().run("ls", "/no/such/folder")

"""EDG-02, EDG-10, EDG-15: the installer's commands on real ports: ptys, Modbus TCP, a broker."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.settings import load_settings
from agent.simulator.plant import MODBUS_UNITS
from tests.integration.conftest import Mosquitto, free_port

pytestmark = pytest.mark.integration
AGENT = Path(sys.executable).with_name("storevitals-agent")


@dataclass(frozen=True)
class Store:
    folder: Path
    wires: dict[str, Any]
    broker: Mosquitto

    @property
    def cold(self) -> str:
        return str(self.wires["serial"]["cold"])

    def tcp(self, bus: str) -> str:
        return str(self.wires["tcp"][bus])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    broker = Mosquitto(folder)
    broker.start()
    lines = str(folder / "lines")
    command = [str(AGENT), "simulate", "--json", "--dir", lines, "--mqtt-url", broker.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as simulator:
        assert simulator.stdout is not None
        yield Store(folder, json.loads(simulator.stdout.readline()), broker)
        simulator.terminate()
    broker.kill()


def agent(*words: str, status: int = 0, said: str = "") -> str:
    """stdout of the command; stderr must hold no traceback, and `said` where it failed."""
    done = subprocess.run(
        [AGENT, *words],
        capture_output=True,
        text=True,
        timeout=100,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LANG": "C.UTF-8"},
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    return done.stdout


def test_scan_finds_the_units_of_a_line_and_how_it_is_set(store: Store) -> None:
    document = json.loads(agent("scan", "--port", store.cold, "--units", "1-5", "--json"))
    (line,) = document["serial"]
    assert line["units"] == [1, 2, 3]
    assert line["setting"] == "9600 8N1"
    assert line["requests"] <= 5 * 4


def test_scan_tells_its_plan_and_the_next_step(store: Store) -> None:
    text = agent("scan", "--port", store.cold, "--units", "1-3")
    assert "at most 12 questions" in text
    assert "storevitals-agent probe --port" in text
    assert "站号：1, 2, 3" in agent("scan", "--port", store.cold, "--units", "1-3", "--lang", "zh")


def test_a_line_with_nobody_says_what_to_check(store: Store) -> None:
    text = agent("scan", "--port", store.cold, "--units", "20-21", "--setting", "9600-8N1")
    assert "check power, the A and B wires" in text


def test_a_port_that_is_not_there_is_a_sentence(store: Store) -> None:
    text = agent("scan", "--port", "/dev/serial/by-id/none", status=1)
    assert "is the adapter plugged in?" in text


def test_scan_finds_modbus_tcp_only_where_it_is_asked_to(store: Store) -> None:
    port = store.tcp("plant").split(":")[1]
    words = ("scan", "--network", "127.0.0.0/30", "--tcp-port", port, "--units", "1-3", "--json")
    hosts = json.loads(agent(*words))["network"]
    assert {"host": "127.0.0.1", "port": int(port), "unit_ids": [1, 2]} in hosts
    agent("scan", "--network", "8.8.8.0/24", status=1, said="not in this store's network")


def test_scan_hears_the_topics_of_a_broker(store: Store) -> None:
    words = ("scan", "--mqtt", store.broker.url, "--seconds", "3", "--json")
    topics = {topic["name"]: topic for topic in json.loads(agent(*words))["topics"]}
    assert "sensors/store-1/door-2/status" in topics
    agent(
        "scan", "--mqtt", "mqtt://127.0.0.1:1", "--seconds", "1", status=1, said="nothing listens"
    )


@pytest.mark.parametrize("unit", MODBUS_UNITS, ids=lambda unit: unit.device)
def test_probe_knows_each_device_of_the_store(store: Store, unit: Any) -> None:
    where = ("--port", store.cold) if unit.bus == "cold" else ("--host", store.tcp(unit.bus))
    first, *_ = json.loads(agent("probe", *where, "--unit", str(unit.unit), "--json"))
    assert first["profile"] == unit.profile_name
    assert first["values"]


def test_probe_shows_values_to_compare_with_the_display(store: Store) -> None:
    text = agent("probe", "--host", store.tcp("plant"), "--unit", "2", "--lang", "zh")
    assert "Eastron SDM630" in text
    assert "A相电压" in text
    assert "请与设备屏幕上的数值对比" in text


def test_the_decoding_is_chosen_by_a_key(store: Store) -> None:
    words = ("probe", "--host", store.tcp("plant"), "--unit", "2", "--words", "input:0:2")
    shown = agent(*words, "--metric", "voltage_l1_v")
    assert "plausible 80 to 300 V" in shown
    assert "1  ●  float32 ABCD" in shown
    assert 'type = "float32"' in agent(*words, "--metric", "voltage_l1_v", "--pick", "1")
    agent(*words, "--pick", "?", status=1, said="none of the keys")


def test_a_silent_unit_is_told_what_to_check(store: Store) -> None:
    words = ("probe", "--port", store.cold, "--unit", "9", "--timeout", "0.1")
    agent(*words, status=1, said="check its power")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "x", "--setting", "fast"], "9600-8N1"),
        (["--port", "x", "--unit", "0"], "1 to 247"),
        (["--host", "x:y"], "192.168.1.20:502"),
        (["--port", "x", "--words", "input"], "input:0:2"),
        (["--port", "x", "--metric", "air_temperatur_c"], "air_temperature_c"),
        (["--port", "/dev/null"], "no serial port"),
        (["--host", "127.0.0.1:1"], "not on the network"),
    ],
)
def test_a_wrong_word_is_refused_with_a_sentence(words: list[str], said: str) -> None:
    agent("probe", *words, status=1, said=said)


def setup_words(store: Store, config: Path) -> list[str]:
    port = store.tcp("plant").split(":")[1]
    words = ["setup", "--yes", "--port", store.cold, "--units", "1-3", "--setting", "9600-8N1"]
    words += ["--network", "127.0.0.0/31", "--tcp-port", port, "--mqtt", store.broker.url]
    return [*words, "--config", str(config), "--data-dir", str(config.parent)]


def test_setup_writes_what_is_there_and_check_is_green(store: Store, tmp_path: Path) -> None:
    """J1, EDG-09: from a bare store to a configuration that reads every device."""
    config = tmp_path / "agent.toml"
    config.write_text("# by hand\n")
    document = json.loads(agent(*setup_words(store, config), "--json"))
    assert document["devices"][:5] == ["cold-1", "cold-2", "cold-3", "hvac-1", "meter-1"]
    assert Path(document["kept_as"]).read_text() == "# by hand\n"
    profiles = [
        device.profile for device in load_settings(config).device if device.driver == "modbus"
    ]
    assert profiles == [unit.profile_name for unit in MODBUS_UNITS[:5]]
    findings = json.loads(agent("check", "--config", str(config), "--json"))
    states = {finding["part"]: finding["state"] for finding in findings}
    assert {states[f"device {name}"] for name in document["devices"][:5]} == {"ok"}


def test_setup_asks_in_a_terminal_and_takes_the_answers(store: Store, tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    answers = "南京路店\nnanjing-17\n\n\n1\n牛奶柜\nn\n\n"
    words = ["setup", "--port", store.cold, "--units", "1", "--setting", "9600-8N1"]
    words += ["--config", str(config), "--data-dir", str(tmp_path), "--lang", "zh"]
    done = subprocess.run(
        [AGENT, *words], input=answers, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    settings = load_settings(config)
    assert (settings.agent.id, settings.agent.name) == ("nanjing-17", "南京路店")
    assert [device.name for device in settings.device] == ["牛奶柜"]
    assert "是哪一种" in done.stdout


def test_a_setup_that_is_stopped_writes_nothing(store: Store, tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    agent("setup", "--config", str(config), status=1, said="nothing was written")
    assert list(tmp_path.iterdir()) == []


class Phone:
    """A browser in the store's network, as far as the set-up sees one."""

    def __init__(self, port: int) -> None:
        self._url, self._cookie = f"http://127.0.0.1:{port}", ""

    def send(self, path: str, body: str | None = None, *, ours: str = "1") -> tuple[int, Any]:
        headers = {"Cookie": self._cookie, "X-StoreVitals": ours}
        data = body.encode() if body is not None else None
        request = urllib.request.Request(f"{self._url}{path}", data, headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                self._cookie = answer.headers.get("Set-Cookie", self._cookie).partition(";")[0]
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, {}

    def look(self) -> Any:
        return self.send("/setup.json")[1]

    def answer(self, question: Any, value: str) -> int:
        said = {"number": question["number"], "value": value, "language": "en"}
        return self.send("/answer", json.dumps(said))[0]


@contextmanager
def set_up_on_a_phone(config: Path, *words: str) -> Iterator[tuple[Phone, str]]:
    """The command, and a phone that has not entered the code yet."""
    port = free_port()
    command = [
        str(AGENT),
        "setup",
        "--on-phone",
        "--phone-port",
        str(port),
        "--config",
        str(config),
    ]
    environment = {**os.environ, "LANG": "C.UTF-8"}
    command += ["--data-dir", str(config.parent / "data"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        code = next(found[1] for line in lines if (found := re.search(r"code (\d{6})", line)))
        try:
            yield Phone(port), code
            process.stdout.read()
            assert process.wait(30) in (0, 1)
        finally:
            process.kill()


def test_a_phone_sets_an_unknown_store_up_without_internet(store: Store, tmp_path: Path) -> None:
    """EDG-09, EDG-10: scan, probe, choice by values, check, agent.toml; the code works once."""
    config, asked = tmp_path / "agent.toml", []
    words = ["--port", store.cold, "--setting", "9600-8N1", "--units", "1-4", "--zone", "UTC"]
    with set_up_on_a_phone(config, *words) as (phone, code):
        assert phone.send("/setup.json")[0] == 401
        assert phone.send("/answer", "{}")[0] == 403
        assert phone.send("/login", "000000" if code != "000000" else "111111")[0] == 403
        assert phone.send("/login", code, ours="0")[0] == 404
        assert phone.send("/login", code)[0] == 200
        assert Phone(int(phone._url.rsplit(":")[-1])).send("/login", code)[0] == 403
        deadline = time.monotonic() + 90
        while not (seen := phone.look())["is_over"]:
            assert time.monotonic() < deadline, seen
            if question := seen["question"]:
                asked.append(question)
                names = {"Name of the store": "Nanjing Road"}
                chosen = names.get(question["text"]["en"], question["default"])
                assert phone.answer(question, chosen) == 200
                assert phone.answer(question, chosen) == 403, "an answer counts once"
            time.sleep(0.05)
    settings = load_settings(config)
    assert (settings.agent.name, settings.agent.id) == ("Nanjing Road", "nanjing-road")
    profiles = {device.profile for device in settings.device if device.driver == "modbus"}
    assert {"danfoss-ekc-202b", "danfoss-ekc-202d"} <= profiles
    choices = [question for question in asked if question["kind"] == "choose"]
    assert "°C" in choices[0]["options"][0]["en"], "values to compare with the display"
    assert any("cold-1" in text["en"] for text in seen["said"])


def test_a_phone_can_stop_and_nothing_is_written(store: Store, tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    with set_up_on_a_phone(config, "--port", store.cold) as (phone, code):
        assert phone.send("/login", code)[0] == 200
        stop = json.dumps({"number": 0, "value": "stop", "is_stop": True, "language": "zh"})
        assert phone.send("/answer", stop)[0] == 200
    assert not config.exists()

"""EDG-10, EDG-09: the report that stays in the store says what was tested, in both languages."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.cli.main import main
from agent.commission.findings import Finding, failed, ok
from agent.commission.report import Report, document, page
from agent.settings import AgentSettings, AgentTable, UplinkTable
from agent.settings_devices import ModbusDevice, RtuBus
from agent.words import Language, T, plain

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def report(*findings: Finding) -> Report:
    settings = AgentSettings(
        agent=AgentTable(id="store-17", name="<南京路>", data_dir=Path("/var/lib/storevitals")),
        uplink=UplinkTable(url="mqtts://hub.example", group="chain-0"),
        bus=(RtuBus(id="cold", kind="modbus_rtu", port="/dev/serial0"),),
        device=(
            ModbusDevice(
                id="cold-1",
                name="牛奶柜",
                driver="modbus",
                bus="cold",
                unit=1,
                profile="danfoss-ekc-202b",
            ),
        ),
    )
    return Report(settings, findings, NOW)


GOOD = ok("device cold-1", plain("cold-1"), T("柜内温度 4.1 °C", "Air temperature 4.1 °C"))
BAD = failed("clock", T("时钟", "clock"), T("不准", "wrong"), T("请联网", "connect it"))


@pytest.mark.parametrize(("language", "said"), [("zh", "安装自检报告"), ("en", "Self-test report")])
def test_the_page_names_store_devices_and_result(language: str, said: str) -> None:
    made = page(report(GOOD), Language(language))
    for part in (
        said,
        "牛奶柜",
        "Danfoss EKC 202B",
        "4.1 °C",
        "store-17",
        "2026-03-01 17:30",
        "<svg",
    ):
        assert part in made
    assert "&lt;南京路&gt;" in made
    assert "http://www.w3.org/2000/svg" in made
    assert "src=" not in made


def test_what_is_wrong_stands_with_what_to_do() -> None:
    made = page(report(GOOD, BAD), Language.ZH)
    assert "1 项有问题" in made
    assert "请联网" in made


def test_the_archive_gets_both_languages_and_the_verdict() -> None:
    facts = json.loads(json.dumps(document(report(GOOD, BAD))))
    assert (facts["agent_id"], facts["is_passed"]) == ("store-17", False)
    assert facts["devices"] == [
        {"id": "cold-1", "name": "牛奶柜", "model": "Danfoss EKC 202B (EKA 178A Modbus card)"}
    ]
    assert facts["findings"][1]["todo"] == {"zh": "请联网", "en": "connect it"}


def test_the_command_writes_a_page_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(
        f'[agent]\nid = "store-1"\ndata_dir = "{tmp_path}"\n'
        '[uplink]\nurl = "mqtt://127.0.0.1:1"\ngroup = "chain-0"\n'
    )
    main(["report", "--config", str(config), "--out", str(tmp_path / "out")])
    suffixes = sorted(path.suffix for path in (tmp_path / "out").iterdir())
    assert suffixes == [".html", ".json"]
    assert "self-test-store-1-" in capsys.readouterr().out

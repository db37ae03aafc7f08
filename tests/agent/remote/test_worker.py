"""Orders: signed, for this agent, in time, allowed, and each of them once (R39)."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.launch import LAUNCHED, base_mark
from agent.remote import trial, worker
from agent.remote.describe import configuration
from agent.remote.ledger import Ledger
from agent.remote.trial import RESTART
from protocols.orders import Outcome, Result, SignedOrder, Verb, encode, parse_result
from tests.agent.remote.conftest import CONFIG, Desk


def carry_out(
    desk: Desk, signed: SignedOrder, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[Result]]:
    """Exit status and the answers."""
    asked = {"order": encode(signed), "online": ["meter-1"]}
    status = worker.carry_out(desk.settings, desk.config, desk.config, asked)
    lines = [line.partition(" ") for line in capsys.readouterr().out.splitlines()]
    return status, [parse_result(json.loads(text)) for metric, _, text in lines if metric]


def test_an_order_is_done_once_however_often_it_comes(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = desk.sign(desk.order())
    status, (first,) = carry_out(desk, signed, capsys)
    assert (status, first.outcome) == (RESTART, Outcome.DONE)
    for _ in range(3):
        status, again = carry_out(desk, signed, capsys)
        assert (status, again) == (0, [first]), "answered, and not done again"


def test_a_cut_after_the_beginning_does_not_begin_it_anew(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    order = desk.order()
    begun = Result(order.id, Outcome.BEGUN, "", "")
    Ledger(desk.remote).note(order, begun)
    assert carry_out(desk, desk.sign(order), capsys) == (0, [begun])
    assert Ledger(desk.remote).unfinished() == [order.id]


def _pretend(desk: Desk, how: str) -> SignedOrder:
    """An order with one thing that is not as it must be."""
    order = desk.order()
    changed = {
        "expired": desk.late(order, 60_000),
        "future": desk.late(order, -3_600_000),
        "other": replace(order, agent="store-2"),
    }
    if how == "signer":
        return desk.sign(order, signer="storevitals-hub")
    signed = desk.sign(changed.get(how, order))
    if how == "text":
        return replace(signed, text=signed.text.replace("restart", "update"))
    if how == "signature":
        return replace(signed, signature="AAAA" + signed.signature[4:])
    if how == "certificate":
        agent = desk.authority.root_pem
        return replace(signed, certificate=agent)
    return signed


@pytest.mark.parametrize(
    "how", ["expired", "future", "other", "signer", "text", "signature", "certificate"]
)
def test_what_is_not_the_hubs_word_is_refused(
    desk: Desk, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, (result,) = carry_out(desk, _pretend(desk, how), capsys)
    assert (status, result.outcome) == (0, Outcome.REFUSED)
    assert result.zh
    assert result.en
    assert not (desk.remote / "orders.json").exists(), "nothing is remembered of it"


def test_another_hubs_order_is_refused(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    stranger = desk.sign(desk.order())
    (desk.data_dir / "identity" / "ca.crt").write_text(_another_root(desk))
    assert carry_out(desk, stranger, capsys)[1][0].outcome is Outcome.REFUSED


def _another_root(desk: Desk) -> str:
    return type(desk.authority).open(desk.folder / "another").root_pem


def test_only_what_the_machine_allows_is_done(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.config.write_text(desk.config.read_text() + '[remote]\nallow = ["check"]\n')
    status, (result,) = carry_out(desk, desk.sign(desk.order()), capsys)
    assert (status, result.outcome) == (0, Outcome.REFUSED)
    assert "allow" in result.en


def test_without_its_launcher_nothing_is_changed(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(LAUNCHED, raising=False)
    order = desk.order(Verb.CONFIGURE, text=configuration(desk.config))
    status, (result,) = carry_out(desk, desk.sign(order), capsys)
    assert (status, result.outcome) == (0, Outcome.REFUSED)
    assert trial.read(desk.remote) is None


# configurations


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LAUNCHED, "1")


def test_the_hub_never_sees_a_password(desk: Desk) -> None:
    shown = configuration(desk.config)
    assert not [word for word in ("hunter2", "4711", "inner") if word in shown]
    assert shown.count('"***"') == 3
    assert 'pin = "***"  # of the shop' in shown


@pytest.mark.usefixtures("launched")
def test_a_configuration_goes_on_trial_with_this_machines_passwords(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """The buses change places and one is new: passwords follow their table's id."""
    text = configuration(desk.config).replace("unit = 1", "unit = 7")
    plant = '[[bus]]\nid = "plant"\nkind = "modbus_tcp"\nhost = "127.0.0.1"\n'
    text = text.replace(plant, "") + "\n" + plant.rstrip()
    status, (result,) = carry_out(desk, desk.sign(desk.order(Verb.CONFIGURE, text=text)), capsys)
    assert (status, result.outcome) == (RESTART, Outcome.ON_TRIAL)
    written = (desk.remote / trial.CONFIGURATION).read_text("utf-8")
    assert written.splitlines()[-1] == base_mark(desk.config)
    assert "unit = 7" in written
    assert [written.count(word) for word in ("hunter2", "4711", "inner", "***")] == [1, 1, 1, 0]
    assert configuration(desk.remote / trial.CONFIGURATION) == text
    kept = trial.read(desk.remote)
    assert kept is not None
    assert (kept.what, kept.online) == (trial.CONFIGURATION, ("meter-1",))


@pytest.mark.usefixtures("launched")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("unit = 1", "unit = 999", "agent.toml, line 23"),
        ('profile = "eastron-sdm630"', 'profile = "none"', "none"),
        ('id = "store-1"', 'id = "store-2"', "agent.id"),
        ('url = "mqtt://127.0.0.1"\ngroup', 'url = "mqtts://evil.example"\ngroup', "uplink.url"),
        ('id = "sensors"', 'id = "sensors-2"', "***"),
        ("[status]", '[remote]\nallow = ["restart"]\n[status]', "remote"),
        ("[agent]", "[agent", "at line 1"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_place(
    desk: Desk, old: str, new: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in CONFIG
    text = configuration(desk.config).replace(old, new)
    status, (result,) = carry_out(desk, desk.sign(desk.order(Verb.CONFIGURE, text=text)), capsys)
    assert (status, result.outcome) == (0, Outcome.REFUSED)
    assert told in result.en
    assert [path.name for path in desk.remote.iterdir()] == ["orders.json"]


def test_a_bundle_without_description_is_refused(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LAUNCHED, "1")
    order = desk.order(Verb.UPDATE, version="../../etc", sha256="0" * 64, size=10)
    assert carry_out(desk, desk.sign(order), capsys)[1][0].outcome is Outcome.REFUSED


def test_a_report_of_the_machine_comes_back(
    desk: Desk, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = desk.config.read_text()
    desk.config.write_text(text[: text.index("[[bus]]")])  # nothing outside is asked
    asked = {"order": encode(desk.sign(desk.order(Verb.CHECK))), "online": []}
    worker.carry_out(desk.settings, desk.config, desk.config, asked)
    lines = [line.partition(" ") for line in capsys.readouterr().out.splitlines()]
    assert [metric for metric, _, _ in lines] == ["self_test_report", "order_result"]
    assert json.loads(json.loads(lines[0][2]))["agent_id"] == "store-1"

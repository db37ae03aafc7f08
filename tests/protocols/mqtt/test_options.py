"""Addresses of brokers: what is refused, and with which words (EDG-08)."""

import random
from pathlib import Path

import pytest

from protocols.mqtt.options import BackOff, MqttOptions, MqttOptionsError, is_loopback


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("mqtts://hub.example", "hub.example", 8883),
        ("mqtts://hub.example:9000", "hub.example", 9000),
        ("wss://hub.example", "hub.example", 443),
        ("mqtt://127.0.0.1:1884", "127.0.0.1", 1884),
        ("mqtt://localhost", "localhost", 1883),
        ("mqtt://[::1]:1884", "::1", 1884),
    ],
)
def test_an_address_says_host_and_port(url: str, host: str, port: int) -> None:
    options = MqttOptions(url, "agent-1")
    assert (options.host, options.port) == (host, port)


@pytest.mark.parametrize("host", ["hub.example", "10.0.0.5", "127.0.0.1.example"])
def test_nothing_travels_in_the_clear_but_on_this_machine(host: str) -> None:
    with pytest.raises(MqttOptionsError, match="use mqtts://"):
        MqttOptions(f"mqtt://{host}", "agent-1")


@pytest.mark.parametrize("url", ["", "hub.example", "http://hub.example", "mqtts://", "ws://h"])
def test_what_is_no_broker_address_is_refused(url: str) -> None:
    with pytest.raises(MqttOptionsError, match="no broker address"):
        MqttOptions(url, "agent-1")


def test_half_a_certificate_is_refused(tmp_path: Path) -> None:
    cert = tmp_path / "agent.crt"
    cert.touch()
    with pytest.raises(MqttOptionsError, match="belong together"):
        MqttOptions("mqtts://hub.example", "a", cert_file=cert)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MqttOptionsError, match=r"ca\.pem does not exist"):
        MqttOptions("mqtts://hub.example", "a", ca_file=tmp_path / "ca.pem")


def test_a_password_never_shows() -> None:
    options = MqttOptions("mqtts://user:secret@hub.example", "a", "u", "hunter2")
    assert "hunter2" not in repr(options)
    assert "secret" not in str(options)


def test_only_this_machine_is_loopback() -> None:
    assert [is_loopback(h) for h in ("localhost", "127.0.0.2", "::1")] == [True] * 3
    assert [is_loopback(h) for h in ("example.org", "8.8.8.8", "::")] == [False] * 3


def test_waiting_doubles_to_its_limit_with_jitter_and_starts_anew() -> None:
    """R4: a thousand stores do not come back in the same second."""
    back_off = BackOff(first_s=1, most_s=8, rng=random.Random(1))
    waits = [back_off.wait_s() for _ in range(6)]
    for wait, full in zip(waits, (1, 2, 4, 8, 8, 8), strict=True):
        assert full / 2 <= wait <= full
    assert len(set(waits)) == 6
    back_off.reset()
    assert back_off.wait_s() <= 1

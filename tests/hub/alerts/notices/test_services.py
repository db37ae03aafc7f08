"""Delivery to real servers of each kind, proof of it, no secret in any sentence (INT-04..06)."""

import pytest

from hub.alerts.notices.models import ChannelKind
from hub.alerts.notices.services import AllowedHosts, DeliveryError, Letter, host_of, send
from hub.errors import InvalidError
from tests.hub.alerts.notices.conftest import LOCAL
from tests.hub.alerts.notices.servers import WebService, mail_box, web_service

pytestmark = pytest.mark.integration
LETTER = Letter("【紧急】冷冻柜", "温度偏高\n打开并确认：https://hub.example.com/n/1")
SECRET = "s3cr3t-token"


def test_a_mail_arrives_in_a_real_post_office() -> None:
    """INT-05."""
    with mail_box() as box:
        url = f"mailto://127.0.0.1:{box.port}?from=alerts@example.com&to={{to}}"
        send(ChannelKind.MAIL, url, "boss@example.com", LETTER, LOCAL)
    (mail,) = box.mails
    assert box.recipients == [["boss@example.com"]]
    assert mail["Subject"] == LETTER.title
    body = mail.get_body(("plain",))
    assert body is not None
    assert "温度偏高" in body.get_content()


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (ChannelKind.WECOM, {"errcode": 0, "errmsg": "ok"}, {"errcode": 93000}),
        (ChannelKind.DINGTALK, {"errcode": 0}, {"errcode": 310000, "errmsg": "keywords"}),
        (ChannelKind.FEISHU, {"code": 0, "msg": "success"}, {"code": 9499}),
    ],
)
def test_a_robot_has_delivered_when_it_says_so(
    kind: ChannelKind, good: dict[str, object], bad: dict[str, object]
) -> None:
    """INT-06: an error number behind a 200 is no delivery."""
    with web_service() as service:
        url = f"{service.url}/robot?key={SECRET}"
        service.body = good
        send(kind, url, "", LETTER, LOCAL)
        assert "温度偏高" in str(service.requests[0][1])
        service.body = bad
        with pytest.raises(DeliveryError) as refused:
            send(kind, url, "", LETTER, LOCAL)
        assert SECRET not in str(refused.value)


def test_sms_gateways_webhooks_and_ntfy_by_their_urls() -> None:
    """INT-04."""
    with web_service() as service:
        host = service.url.removeprefix("http://")
        send(ChannelKind.SMS, f"json://{host}/sms?:to={{to}}", "+8613800000000", LETTER, LOCAL)
        send(ChannelKind.WEBHOOK, f"json://{host}/hook", "", LETTER, LOCAL)
        send(ChannelKind.NTFY, f"ntfy://{host}/{{to}}", "cold-room", LETTER, LOCAL)
    (sms_path, sms), (hook_path, hook), (_, ntfy) = service.requests
    assert (sms_path, hook_path) == ("/sms", "/hook")
    assert sms["to"] == "+8613800000000"
    assert hook["message"].startswith("温度偏高")
    assert ntfy["topic"] == "cold-room"


def trouble(service: WebService, kind: ChannelKind) -> str:
    scheme = "http" if kind is ChannelKind.WECOM else "json"
    url = f"{scheme}://{service.url.removeprefix('http://')}/?key={SECRET}"
    with pytest.raises(DeliveryError) as refused:
        send(kind, url, "", LETTER, LOCAL)
    return str(refused.value)


@pytest.mark.parametrize("kind", [ChannelKind.WECOM, ChannelKind.WEBHOOK])
@pytest.mark.parametrize("status", [302, 429, 500, 503])
def test_a_service_in_trouble_has_not_delivered(
    kind: ChannelKind, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """R27; and a redirection is not followed, wherever it leads."""
    with web_service() as service:
        service.status = status
        assert SECRET not in trouble(service, kind) + caplog.text
        assert len(service.requests) == 1


def test_notices_go_to_allowed_hosts_only() -> None:
    """What the hub can reach inside the house is not for everybody."""
    everywhere = AllowedHosts.of("")
    for host in ("127.0.0.1", "10.0.0.8", "169.254.169.254", "localhost"):
        with pytest.raises(InvalidError):
            everywhere.demand(host)
    everywhere.demand("8.8.8.8")
    with pytest.raises(InvalidError):
        AllowedHosts.of("smtp.example.com").demand("8.8.8.8")
    with web_service() as service, pytest.raises(DeliveryError):
        send(ChannelKind.FEISHU, service.url, "", LETTER, everywhere)


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://example.com", "javascript:alert(1)"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    for kind in (ChannelKind.WECOM, ChannelKind.MAIL):
        with pytest.raises(InvalidError):
            host_of(kind, url)

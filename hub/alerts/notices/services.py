"""Out of the hub: mail, ntfy, SMS gateways and others by apprise; the three robots by hand.

The robots of WeCom, DingTalk and Feishu answer 200 with an error number in the body, which apprise
takes for success; a message is delivered only when that number is 0. A URL is a secret: it is in no
log, no error and no page.
"""

import ipaddress
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from apprise import Apprise, AppriseAsset, NotifyFormat

from hub.alerts.notices.models import ChannelKind
from hub.errors import InvalidError, T

logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs addresses
TIMEOUT_S = 10.0
_URL = T("这个地址不完整或不能用。", "This address is incomplete or cannot be used.")
_HOST = T(
    "不允许向 {host} 发送；请管理员把它加入 HUB_NOTICE_HOSTS。",
    "Sending to {host} is not allowed; ask the administrator to add it to HUB_NOTICE_HOSTS.",
)


class DeliveryError(Exception):
    """It was not delivered; the sentence holds no secret."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said, in plain text."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """Which hosts notices may go to: those named, and without names every public one."""

    names: frozenset[str] = frozenset()

    @staticmethod
    def of(text: str) -> "AllowedHosts":
        return AllowedHosts(frozenset(part.strip() for part in text.split(",") if part.strip()))

    def demand(self, host: str) -> None:
        """InvalidError for a host that is not allowed."""
        if host in self.names:
            return
        if self.names or not _is_public(host):
            raise InvalidError(_HOST.format(host=host), {"url": _HOST.format(host=host)})

    def demand_url(self, url: str) -> None:
        """InvalidError where this may not be asked; plain HTTP only to hosts that are named."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host or (parts.scheme != "https" and host not in self.names):
            raise InvalidError(_HOST.format(host=host or url), {"url": _HOST.format(host=host)})
        self.demand(host)


def _is_public(host: str) -> bool:
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return True  # it does not exist here; sending will say so
    return all(ipaddress.ip_address(str(one).split("%")[0]).is_global for one in found)


def host_of(kind: ChannelKind, url: str) -> str:
    """The host a channel speaks to; InvalidError where the URL is not one of its kind."""
    if kind in _ROBOTS:
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise InvalidError(_URL, {"url": _URL})
        return parts.hostname
    plugin = Apprise.instantiate(_addressed(url, "0"))
    if plugin is None:
        raise InvalidError(_URL, {"url": _URL})
    smtp: str | None = getattr(plugin, "smtp_host", None)
    return smtp or plugin.host or urlsplit(url).scheme


def send(kind: ChannelKind, url: str, to: str, letter: Letter, hosts: AllowedHosts) -> None:
    """Deliver, or DeliveryError within about ten seconds."""
    try:
        hosts.demand(host_of(kind, url))
    except InvalidError as error:
        raise DeliveryError(error.text.en) from error
    if kind in _ROBOTS:
        _send_robot(kind, url, letter)
    else:
        _send_apprise(_addressed(url, to), letter)


@dataclass(frozen=True, slots=True)
class Posted:
    """What another system said to a message of ours; `wait_s` is its own wish."""

    status: int
    wait_s: int | None


def post(url: str, body: bytes, headers: Mapping[str, str], hosts: AllowedHosts) -> Posted:
    """Hand bytes to another system, or DeliveryError within about ten seconds.

    Plain HTTP goes only to hosts that the administrator named.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and host not in hosts.names:
        raise DeliveryError(f"{host} is not named in HUB_NOTICE_HOSTS, so it needs https.")
    try:
        hosts.demand(host)
    except InvalidError as error:
        raise DeliveryError(error.text.en) from error
    try:
        answer = requests.post(
            url,
            data=body,
            headers=dict(headers),
            timeout=TIMEOUT_S,
            allow_redirects=False,
            stream=True,  # whatever it says besides, nobody reads
        )
    except requests.RequestException as error:
        raise DeliveryError(f"No connection ({type(error).__name__}).") from None
    answer.close()
    wait = answer.headers.get("Retry-After", "")
    return Posted(answer.status_code, int(wait) if wait.isdecimal() else None)


def _addressed(url: str, to: str) -> str:
    return url.replace("{to}", quote(to, safe="@+"))


def _send_apprise(url: str, letter: Letter) -> None:
    asset = AppriseAsset(secure_logging=True, http_redirects=False)
    plugin = Apprise.instantiate(url, asset=asset)
    if plugin is None:
        raise DeliveryError("The address of the channel or of the person is not usable.")
    plugin.socket_connect_timeout = plugin.socket_read_timeout = TIMEOUT_S
    plugin.request_rate_per_sec = 0
    is_sent = plugin.notify(body=letter.text, title=letter.title, body_format=NotifyFormat.TEXT)
    if not is_sent:
        raise DeliveryError("The service did not take the message.")


def _send_robot(kind: ChannelKind, url: str, letter: Letter) -> None:
    payload, number = _ROBOTS[kind]
    try:
        answer = requests.post(
            url,
            json=payload(f"{letter.title}\n{letter.text}"),
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise DeliveryError(f"No connection ({type(error).__name__}).") from None
    if answer.status_code != requests.codes.ok:
        raise DeliveryError(f"The service answered {answer.status_code}.")
    try:
        said = answer.json().get(number)
    except ValueError:
        said = None
    if said != 0:
        raise DeliveryError(f"The robot answered {number} {said}.")


Payload = Callable[[str], dict[str, Any]]


def _text(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}


def _feishu(text: str) -> dict[str, Any]:
    return {"msg_type": "text", "content": {"text": text}}


_ROBOTS: dict[ChannelKind, tuple[Payload, str]] = {
    ChannelKind.WECOM: (_text, "errcode"),
    ChannelKind.DINGTALK: (_text, "errcode"),
    ChannelKind.FEISHU: (_feishu, "code"),
}

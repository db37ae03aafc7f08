"""Who may say what at the broker: mosquitto's dynamic-security plug-in, kept as SQL says.

One literal role an agent (the plug-in substitutes no names): it publishes its own topics and hears
its own commands and the host's state, nothing else. The keeper compares what should be with what
the broker has, at every connection and then every few minutes; what changed meanwhile is told at
once. So a broker that lost its file, or was restored from an old one, is right again in seconds.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from hub.ingest.subscriber import STATE_TOPIC
from protocols.mqtt.client import Hooks, Message, MqttClient, on_loop
from protocols.mqtt.options import BackOff, MqttOptions
from protocols.sparkplug.topics import NAMESPACE

log = logging.getLogger(__name__)

CONTROL = "$CONTROL/dynamic-security/v1"
RESPONSE = f"{CONTROL}/response"
KEEPER, HOST = "storevitals-keeper", "storevitals-hub"
WORKER = "storevitals-worker"  # the host in several processes: any client id
"""Names in the certificates of the hub's own two clients."""
PREFIX = "agent:"
LOOK_EVERY_S = 5.0  # another process of the hub may have changed SQL
COMPARE_EVERY_S = 300.0
OUT_FOR_S = 180.0  # until the broker has surely read the new list of revoked certificates
BATCH = 200

Speaker = tuple[str, str]
Command = dict[str, Any]


def own_topics(group: str, node: str) -> list[str]:
    """What an agent publishes, by both layouts."""
    kinds = [f"{NAMESPACE}/{group}/{kind}/{node}" for kind in ("NBIRTH", "NDEATH", "NDATA")]
    devices = [f"{NAMESPACE}/{group}/{kind}/{node}/+" for kind in ("DBIRTH", "DDEATH", "DDATA")]
    return kinds + devices


def heard_topics(group: str, node: str) -> list[str]:
    """What an agent may subscribe to, by the letter."""
    command = f"{NAMESPACE}/{group}"
    return [f"{command}/NCMD/{node}", f"{command}/DCMD/{node}/+", STATE_TOPIC]


def let_in(group: str, node: str) -> list[Command]:
    acls = [_acl("publishClientSend", topic) for topic in own_topics(group, node)]
    for topic in heard_topics(group, node):
        acls += [_acl("subscribeLiteral", topic), _acl("publishClientReceive", topic)]
    role = PREFIX + node
    return [
        {"command": "createRole", "rolename": role, "acls": acls},
        {
            "command": "createClient",
            "username": node,
            "clientid": node,
            "textname": PREFIX + group,
            "roles": [{"rolename": role}],
        },
    ]


def keep_out(node: str) -> list[Command]:
    """Ends the agent's connection too."""
    return [
        {"command": "deleteClient", "username": node},
        {"command": "deleteRole", "rolename": PREFIX + node},
    ]


def throw_out(node: str) -> list[Command]:
    """Ends the connection of somebody who has no rights any more: only a deletion does."""
    return [
        {"command": "createClient", "username": node},
        {"command": "deleteClient", "username": node},
    ]


def first_state() -> dict[str, Any]:
    """The plug-in's file of a new broker: the hub's two clients, and nobody else."""
    everything = f"{NAMESPACE}/#"
    host = [
        _acl("subscribePattern", everything),
        _acl("publishClientReceive", everything),
        *(_acl("publishClientSend", f"{NAMESPACE}/+/{kind}/#") for kind in ("NCMD", "DCMD")),
        _acl("publishClientSend", STATE_TOPIC),
    ]
    keeper = [
        _acl("publishClientSend", CONTROL),
        _acl("subscribeLiteral", RESPONSE),
        _acl("publishClientReceive", RESPONSE),
    ]
    return {
        "defaultACLAccess": {
            "publishClientSend": False,
            "publishClientReceive": False,
            "subscribe": False,
            "unsubscribe": True,
        },
        "roles": [{"rolename": HOST, "acls": host}, {"rolename": KEEPER, "acls": keeper}],
        "clients": [
            {"username": name, "clientid": name, "roles": [{"rolename": name}]}
            for name in (HOST, KEEPER)
        ]
        + [{"username": WORKER, "roles": [{"rolename": HOST}]}],
    }


def _acl(kind: str, topic: str) -> dict[str, Any]:
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}


class BrokerKeeper:
    """`run` it beside ingest; `nudge` from any thread when an agent came or went."""

    def __init__(self, options: MqttOptions, speakers: Callable[[], frozenset[Speaker]]) -> None:
        self._options, self._speakers = options, speakers
        self._client: MqttClient | None = None
        self._told: frozenset[Speaker] | None = None
        self._asked_at = 0.0
        self._gone: dict[str, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    def nudge(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        hooks = Hooks(
            on_message=on_loop(self._on_message),
            on_connect=on_loop(self._on_connect),
            on_disconnect=on_loop(self._forget),
        )
        self._client = MqttClient(self._options, hooks, ((RESPONSE, 1),), BackOff(most_s=2.0))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._client.run(), name="broker-keeper")
            tasks.create_task(self._follow(), name="broker-rights")

    async def _follow(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            self._throw_out()
            if self._told is None or time.monotonic() - self._asked_at > COMPARE_EVERY_S:
                self._compare()
                continue
            wanted = await asyncio.to_thread(self._speakers)
            if self._told is not None:
                self._tell(wanted, self._told)

    def _throw_out(self) -> None:
        """Who was revoked comes again until the broker has read that; nobody stays connected."""
        now = time.monotonic()
        self._gone = {node: until for node, until in self._gone.items() if until > now}
        if self._told is not None:
            for node in self._gone:
                self._send(throw_out(node))

    def _on_connect(self) -> None:
        self._forget()
        self._compare()

    def _forget(self) -> None:
        self._told = None

    def _compare(self) -> None:
        """Ask what the broker has; the answer goes on in `_on_message`."""
        self._asked_at = time.monotonic()
        self._send([{"command": "listClients", "verbose": True, "count": -1}])

    def _on_message(self, message: Message) -> None:
        for answer in json.loads(message.payload).get("responses", ()):
            if "error" in answer:
                log.error("The broker refused %s: %s", answer.get("command"), answer["error"])
            elif answer.get("command") == "listClients":
                self._told = _listed(answer["data"]["clients"])
                self._wake.set()

    def _tell(self, wanted: frozenset[Speaker], there: frozenset[Speaker]) -> None:
        gone, new = there - wanted, wanted - there
        commands = [c for _, node in sorted(gone) for c in keep_out(node)]
        commands += [c for group, node in sorted(new) for c in let_in(group, node)]
        if all(self._send(commands[n : n + BATCH]) for n in range(0, len(commands), BATCH)):
            self._told = wanted
            until = time.monotonic() + OUT_FOR_S
            self._gone |= {node: until for _, node in gone}
            for _, node in new:
                self._gone.pop(node, None)

    def _send(self, commands: list[Command]) -> bool:
        payload = json.dumps({"commands": commands}).encode()
        return self._client is not None and self._client.publish(CONTROL, payload, qos=1)


def _listed(clients: Iterable[dict[str, Any]]) -> frozenset[Speaker]:
    """Agents that the broker lets in; others are the hub's own, or somebody's by hand."""
    return frozenset(
        (client["textname"].removeprefix(PREFIX), client["username"])
        for client in clients
        if client.get("textname", "").startswith(PREFIX)
    )

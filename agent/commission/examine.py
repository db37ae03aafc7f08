"""Would the agent work as it is configured? Configuration, outbox, broker, every device."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from agent.commission.advice import advice
from agent.commission.draft import NO_HUB
from agent.commission.findings import Finding, failed, ok, warning
from agent.commission.plausible import is_plausible, shown, worth_showing
from agent.devices import Devices, Polled, Pushed
from agent.drivers.base import utc_now
from agent.drivers.serial_till import SerialTillDriver
from agent.outbox_report import inspect
from agent.outbox_rows import OutboxError
from agent.outlet import DeviceOutlet, OutletRules
from agent.settings import AgentSettings
from agent.words import T, plain
from protocols.errors import ProtocolError
from protocols.metrics import METRICS
from protocols.mqtt.client import Hooks, MqttClient
from protocols.mqtt.options import MqttOptions
from protocols.reading import Reading
from protocols.serial.client import SerialOptions, SerialPort

BROKER_S = 10.0
PUSH_S = 5.0
SHOWN = 4


def outbox(settings: AgentSettings) -> Finding:
    path, name = settings.outbox_path, T("本地缓存", "outbox")
    if path.exists():
        try:
            report = inspect(path)
        except OutboxError as error:
            return failed(
                "outbox",
                name,
                str(error),
                T(
                    "请停止采集端后运行 storevitals-agent outbox repair",
                    "stop the agent and run storevitals-agent outbox repair",
                ),
            )
        waiting = report.rows_waiting
        return ok(
            "outbox",
            name,
            T(f"{path}：{waiting} 批等待发送", f"{path}: {waiting} batches wait for the hub"),
        )
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        return failed(
            "outbox",
            name,
            T(f"{folder} 不可写", f"{folder} cannot be written"),
            T(
                f"运行 sudo chown storevitals {path.parent}，或用 sudo 运行本命令",
                f"run sudo chown storevitals {path.parent}, or run this command with sudo",
            ),
        )
    return ok(
        "outbox", name, T(f"{path} 首次启动时创建", f"{path} will be made at the first start")
    )


async def broker(options: MqttOptions) -> Finding:
    """One attempt, by the name under which the agent itself would come."""
    name = T("中心", "hub")
    client = MqttClient(options, Hooks(on_message=lambda _message: None))
    task = asyncio.create_task(client.run(), name="check-broker")
    with suppress(TimeoutError):
        async with asyncio.timeout(BROKER_S):
            while not client.is_connected and not client.trouble:  # noqa: ASYNC110 asked, not told
                await asyncio.sleep(0.05)
    is_connected = client.is_connected
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    if is_connected:
        return ok(
            "broker",
            name,
            T(
                f"{options} 已接受 {options.client_id}",
                f"{options} takes us in as {options.client_id}",
            ),
        )
    if options.url == NO_HUB:
        return warning("broker", name, _NO_HUB, _ENROL)
    text = client.trouble or f"no answer within {BROKER_S:g} s"
    return failed("broker", name, f"{options}: {text}", advice(text))


async def devices(found: Devices) -> list[Finding]:
    """One after the other: devices may share a bus."""
    findings = [await polled(device) for device in found.polled]
    for bus in found.buses.values():
        bus.close()
    services = [asyncio.ensure_future(service()) for service in found.services]
    try:
        findings += await asyncio.gather(*(pushed(device) for device in found.pushed))
    finally:
        for task in services:
            task.cancel()
        await asyncio.gather(*services, return_exceptions=True)
    return findings


async def polled(device: Polled) -> Finding:
    part, name = f"device {device.driver.device}", plain(device.driver.device)
    try:
        readings = await device.driver.read()
    except ProtocolError as error:
        return failed(part, name, str(error), advice(str(error)))
    if strange := _strange(readings):
        return warning(part, name, _values(readings), _odd(strange))
    return ok(part, name, _values(readings))


async def pushed(device: Pushed) -> Finding:
    """A device that speaks by itself may be well and silent: its port or broker is what counts."""
    part, name = f"device {device.driver.device}", plain(device.driver.device)
    if isinstance(device.driver, SerialTillDriver):
        return await _port(part, name, device.driver.options)
    heard: list[Reading] = []
    outlet = DeviceOutlet(
        device.driver.device,
        device.driver.metrics,
        OutletRules(),
        lambda readings, *, urgent: heard.extend(readings),  # noqa: ARG005 a Sink
        now=utc_now,
    )
    with suppress(TimeoutError, ProtocolError):
        async with asyncio.timeout(PUSH_S):
            await device.driver.listen(outlet)
    values = [reading for reading in heard if reading.metric != "online"]
    if values:
        return ok(part, name, _values(values))
    return warning(part, name, _QUIET, _MAKE_IT_SPEAK)


async def _port(part: str, name: T, options: SerialOptions) -> Finding:
    try:
        async with SerialPort(options) as port:
            with suppress(TimeoutError):
                async with asyncio.timeout(PUSH_S):
                    count = len(await port.read())
                    return ok(part, name, T(f"收到 {count} 字节", f"{count} bytes came in"))
    except ProtocolError as error:
        return failed(part, name, str(error), advice(str(error)))
    return warning(part, name, _QUIET_TILL, _PRINT_ONE)


def _values(readings: list[Reading]) -> T:
    best = sorted(readings, key=lambda reading: worth_showing(reading.metric))[:SHOWN]
    return T(
        "，".join(_value(r, METRICS[r.metric].zh) for r in best),
        ", ".join(_value(r, METRICS[r.metric].en) for r in best),
    )


def _value(reading: Reading, name: str) -> str:
    value = shown(reading.value) if isinstance(reading.value, float) else str(reading.value or "–")
    return f"{name} {value[:40]} {METRICS[reading.metric].unit}".rstrip()


def _strange(readings: list[Reading]) -> list[Reading]:
    return [
        reading
        for reading in readings
        if isinstance(reading.value, float) and not is_plausible(reading.metric, reading.value)
    ]


def _odd(readings: list[Reading]) -> T:
    names = [METRICS[reading.metric] for reading in readings[:3]]
    zh, en = "、".join(metric.zh for metric in names), ", ".join(metric.en for metric in names)
    return T(
        f"{zh} 的数值不合常理：请与设备屏幕对比，用 probe 核对型号",
        f"{en} cannot be right: compare with the display and check the model with probe",
    )


def running() -> Finding:
    return ok(
        "agent",
        T("采集端", "agent"),
        T(
            "正在运行，占用着总线；状态见本机状态页或 journalctl -u storevitals-agent",
            "the agent is running and uses broker and devices; see the local status page or "
            "journalctl -u storevitals-agent",
        ),
    )


def configuration(path: Path, settings: AgentSettings) -> Finding:
    count = len(settings.device)
    name = T("配置", "configuration")
    if not count:
        return warning(
            "configuration",
            name,
            T(f"{path}：没有设备", f"{path}: no device"),
            T("运行 storevitals-agent setup 添加设备", "add devices with storevitals-agent setup"),
        )
    return ok("configuration", name, T(f"{path}：{count} 台设备", f"{path}: {count} devices"))


_NO_HUB = T("还没有登记中心：读数先保存在本机", "there is none yet: readings are kept here")
_ENROL = T(
    "在中心生成安装码，再运行 storevitals-agent enrol",
    "take a code from the hub and run storevitals-agent enrol",
)
_QUIET = T("暂时没有数据", "nothing was heard yet")
_MAKE_IT_SPEAK = T(
    "让设备动作一次（例如走过门口），再运行 check",
    "make it speak once (walk through the door) and check again",
)
_QUIET_TILL = T("串口已打开，暂时没有小票", "the port is open; no receipt came yet")
_PRINT_ONE = T("请打印一张测试小票，再运行 check", "print one test receipt and check again")

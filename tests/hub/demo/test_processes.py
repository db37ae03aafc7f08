"""The demo's processes: a death is noticed, the end leaves nobody behind (contract: demo)."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from hub.demo.processes import Children, DemoError, environment, free_port, is_free

SLEEPER = [sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(60)",
]
DYING = [sys.executable, "-c", "import sys; sys.exit('The disk is full.')"]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_end_of_the_block_ends_every_process_even_a_stubborn_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.demo.processes.GRACE_S", 0.3)

    async def scenario() -> list[int]:
        async with asyncio.TaskGroup() as group, Children(group, tmp_path / "logs") as children:
            for name, command in (("meek", SLEEPER), ("stubborn", STUBBORN)):
                await children.start(name, command)
                assert await children.first_line(name) == "up\n"
                children.watch(name)
            return list(children.pids.values())

    assert not any(is_alive(pid) for pid in asyncio.run(scenario()))


def test_a_child_that_dies_ends_the_demo_with_its_last_words(tmp_path: Path) -> None:
    pids: list[int] = []

    async def scenario() -> None:
        async with asyncio.TaskGroup() as group, Children(group, tmp_path) as children:
            await children.start("broker", SLEEPER)
            children.watch("broker")
            await children.start("agent-1", DYING)
            children.watch("agent-1")
            pids.extend(children.pids.values())
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(scenario())
    error = caught.value.exceptions[0]
    assert isinstance(error, DemoError)
    assert str(error).startswith("agent-1 ended with status 1. Its last words: The disk is full.")
    assert not any(is_alive(pid) for pid in pids)


def test_a_child_that_dies_before_it_is_ready_is_named(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with asyncio.TaskGroup() as group, Children(group, tmp_path) as children:
            await children.start("simulator-1", DYING)
            with pytest.raises(DemoError, match="simulator-1 ended with status 1"):
                await children.first_line("simulator-1")

    asyncio.run(scenario())


def test_children_see_no_setting_but_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://elsewhere")
    monkeypatch.setenv("AGENT_UPLINK__URL", "mqtts://elsewhere")
    seen = environment({"HUB_PORT": "1234"})
    assert "AGENT_UPLINK__URL" not in seen
    assert {k: v for k, v in seen.items() if k.startswith("HUB_")} == {"HUB_PORT": "1234"}
    assert seen["PATH"] == os.environ["PATH"]


@pytest.mark.integration
def test_a_port_in_use_is_seen() -> None:
    port = free_port()
    assert is_free(port)

    async def scenario() -> bool:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
        async with server:
            return is_free(port)

    assert not asyncio.run(scenario())

"""Chores: each at its own pace, and one that fails keeps no other from its turn."""

import asyncio

import pytest

from hub import upkeep
from hub.errors import T
from hub.upkeep import Chore, keep_up
from hub.web.services import Ran


def test_chores_go_on_when_one_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upkeep, "TICK_S", 0.01)
    done, rounds = list[str](), dict[str, Ran]()

    def fail() -> None:
        done.append("fail")
        raise OSError("disk")

    def work() -> None:
        done.append("work")

    async def three_rounds() -> None:
        rare = Chore(T("少", "rare"), 3600, lambda: done.append("rare"))
        often = [Chore(T(name, name), 0, do) for name, do in (("fail", fail), ("work", work))]
        task = asyncio.create_task(keep_up((often[0], rare, often[1]), rounds))
        while done.count("work") < 3:  # noqa: ASYNC110  # it happens in threads
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(three_rounds())
    assert done[:5] == ["fail", "rare", "work", "fail", "work"]
    assert "“fail” failed" in caplog.text
    assert {name: one.is_well for name, one in rounds.items()} == {
        "fail": False,
        "rare": True,
        "work": True,
    }

"""A hub restored from a backup made while it ran gets everything later from its agents (R30)."""

import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from hub.demo.processes import environment, program
from tests.faults.invariants import check
from tests.faults.scene import Scene, scene
from tests.servers import ROOT, StoreShape

SHAPE = StoreShape(units=10, metrics=15, tickets_per_s=2.0)
BEFORE_S, AFTER_S = 12.0, 20.0
KEYS = ("master.key", "backup.key")


def last_row(hub_dir: Path) -> int:
    with closing(sqlite3.connect(hub_dir / "journal.sqlite")) as db:
        return int(db.execute("SELECT max(seq) FROM entry").fetchone()[0])


def hub_command(chain: Scene, *arguments: str) -> None:
    """As an operator calls it, on this hub's data directory."""
    own = environment({"HUB_DATA_DIR": str(chain.hub.data_dir)})
    command = [*program("storevitals-hub"), *arguments]
    done = subprocess.run(command, env=own, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def back_up(chain: Scene, backup: Path, safe: Path) -> None:
    """While the hub runs. The keys are kept elsewhere, as the command says."""
    hub_command(chain, "backup", "--to", str(backup))
    safe.mkdir()
    for name in KEYS:
        shutil.copy(chain.hub.data_dir / name, safe)


def go_back_to(chain: Scene, backup: Path, safe: Path) -> None:
    """The machine is gone; a new one gets the keys and the backup."""
    chain.hub.kill()
    shutil.rmtree(chain.hub.data_dir)
    hub_command(chain, "restore", str(backup), "--key-file", str(safe / "backup.key"))
    shutil.copy(safe / "master.key", chain.hub.data_dir)
    chain.hub.start()
    chain.hub.wait_until_ready()


@pytest.mark.faults
@pytest.mark.timeout(400)
def test_a_restored_hub_gets_all_readings_again(tmp_path: Path) -> None:
    """R30, EDG-05; R19 the other way round."""
    backup, safe = tmp_path / "backup", tmp_path / "safe"
    with scene(tmp_path, [SHAPE] * 2, seed=30) as chain:
        chain.start()
        time.sleep(BEFORE_S)
        at_backup = last_row(chain.hub.data_dir)
        back_up(chain, backup, safe)
        time.sleep(AFTER_S)
        forgotten = last_row(chain.hub.data_dir) - at_backup
        go_back_to(chain, backup, safe)
        verdict = chain.settle()
        assert forgotten > 20, "nothing was there to be forgotten"
        assert (verdict.faults, verdict.lost, verdict.doubled, verdict.in_gaps) == ([], 0, 0, 0)
        assert verdict.tickets > BEFORE_S
        spoil(chain, tmp_path)


def spoil(chain: Scene, folder: Path) -> None:
    """The tool itself: each kind of damage that was made by hand is found."""
    for number, (file, sql, word) in enumerate(DAMAGES):
        spoilt = folder / f"spoilt-{number}"
        shutil.copytree(chain.hub.data_dir, spoilt)
        with closing(sqlite3.connect(spoilt / file)) as db, db:
            assert db.execute(sql).rowcount > 0, sql
        found = check(spoilt, chain.outboxes).faults
        assert any(word in fault for fault in found), (sql, found)


DAMAGES = (
    (
        "journal.sqlite",
        "DELETE FROM entry WHERE seq = (SELECT min(seq) FROM entry WHERE kind = 3)",
        "is nowhere",
    ),
    (
        "journal.sqlite",
        "INSERT INTO entry SELECT seq + 1000000, agent_id, kind, epoch, batch_id, received_ms,"
        " device, payload FROM entry WHERE seq = (SELECT min(seq) FROM entry WHERE kind = 3)",
        "twice in the journal",
    ),
    (
        "journal.sqlite",
        "UPDATE entry SET batch_id = 1000000 WHERE seq = (SELECT max(seq) FROM entry"
        " WHERE kind = 3)",
        "never produced",
    ),
    (
        "hub.sqlite",
        "DELETE FROM tickets WHERE number = (SELECT max(number) FROM tickets)",
        "ticket",
    ),
    ("hub.sqlite", "UPDATE sales_hour SET tickets = tickets + 1", "sales against"),
)

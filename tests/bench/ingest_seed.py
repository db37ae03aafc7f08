"""Makes the database of the ingest benchmark: a process of its own, whose memory is not counted."""

import sys
from pathlib import Path

from hub.demo.seed import demo_stores, new_login, seed_chain
from hub.kit.db import Database
from hub.kit.migrate import upgrade
from tests.bench.ingest_load import GROUP, NODES


def seed(folder: Path) -> None:
    db = Database(f"sqlite:///{folder / 'hub.sqlite'}")
    upgrade(db)
    seed_chain(db, GROUP, demo_stores(NODES), new_login())
    db.close()


if __name__ == "__main__":
    seed(Path(sys.argv[1]))

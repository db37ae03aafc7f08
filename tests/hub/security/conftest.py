"""A chain whose database has a vault."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.kit.records.ports import Ports
from hub.security.vault.opening import Strongroom, open_vault
from tests.hub.chain_under_test import ChainUnderTest


@pytest.fixture
def strongroom(tmp_path: Path) -> Iterator[Strongroom]:
    made = open_vault(f"sqlite:///{tmp_path / 'keys.sqlite'}", "", tmp_path / "master.key")
    yield made
    made.keys.close()


@pytest.fixture
def vaulted(chain: ChainUnderTest, strongroom: Strongroom) -> ChainUnderTest:
    chain.db.ports = Ports(vault=strongroom.vault)
    return chain

"""Limits of a chain beside the built-in ones: by type, model, store and machine (ALR-08)."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from hub.archive.alert_rules.records import AlertLimit
from hub.ingest.overrides import Overrides
from hub.kit.records.apply import Change, apply
from tests.hub.chain_under_test import ChainUnderTest

AIR = "air_temperature_c"


@dataclass(frozen=True)
class Machine:
    id: UUID
    chain_id: UUID
    store_id: UUID
    type: str = "cabinet"
    model_id: UUID | None = None


def limit(chain: ChainUnderTest, **values: object) -> None:
    about = {"name": f"limit {uuid4()}", "metric": AIR}
    with chain.write() as session:
        apply(session, AlertLimit, Change(values=about | values))


def test_the_more_exact_limit_counts_field_by_field(chain: ChainUnderTest) -> None:
    here, there = (store.id for store in chain.stores[:2])
    limit(chain, for_type="cabinet", high=9.0, hold_min=20)
    limit(chain, for_store_id=here, high=7.5)
    limit(chain, for_type="freezer", high=-12.0)
    with chain.db.system_read("test") as connection:
        overrides = Overrides(connection)
    mine = Machine(uuid4(), chain.id, here)
    found = overrides.of(AIR, mine)
    assert found is not None
    assert (found.high, found.hold_s, found.low) == (7.5, 1200.0, None)
    other = overrides.of(AIR, Machine(uuid4(), chain.id, there))
    assert other is not None
    assert other.high == 9.0
    assert overrides.of("product_temperature_c", mine) is None
    assert overrides.of(AIR, Machine(uuid4(), uuid4(), there)) is None  # of another chain

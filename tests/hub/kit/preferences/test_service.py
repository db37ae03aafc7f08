"""What one person chose about the pages stays with this person (UX-09)."""

from uuid import UUID

from hub.kit.asker import Asker, EveryRight, bind_asker
from hub.kit.ids import uuid7
from hub.kit.preferences.service import prefer, preferences
from hub.kit.session import ScopedSession
from tests.hub.chain_under_test import ChainUnderTest

ANNA, BEN = uuid7(), uuid7()


def as_(session: ScopedSession, who: UUID | None) -> ScopedSession:
    bind_asker(session, Asker(who, "x", EveryRight()))
    return session


def test_a_choice_is_kept_for_one_person_changed_and_forgotten(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        prefer(as_(session, ANNA), "density", "compact")
        prefer(session, "columns.stores", ["name"])
        prefer(session, "columns.stores", ["code", "name"])
        assert preferences(session, "density", "columns.stores") == {
            "density": "compact",
            "columns.stores": ["code", "name"],
        }
        assert preferences(as_(session, BEN), "density") == {}
        prefer(as_(session, ANNA), "density", None)
        assert preferences(session, "density") == {}


def test_the_hub_itself_has_no_choices(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        prefer(as_(session, None), "density", "compact")
        assert preferences(session, "density") == {}

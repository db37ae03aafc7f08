"""Comments on records: who sees them, whom they name, and the receipt (CHN-11)."""

from uuid import UUID

import pytest

from hub.archive.equipment.records import Equipment
from hub.errors import InvalidError, NotFoundError
from hub.kit.asker import Asker, EveryRight, Rights, bind_asker
from hub.kit.comments.service import comments, mark_read, my_mentions, say, unread, withdraw
from hub.kit.ids import uuid7
from hub.kit.session import ScopedSession
from tests.hub.chain_under_test import ChainUnderTest, RightsOf

ANNA, BEN, CARL = uuid7(), uuid7(), uuid7()
EVERY = EveryRight()


def as_(session: ScopedSession, who: UUID, rights: Rights = EVERY) -> ScopedSession:
    bind_asker(session, Asker(who, {ANNA: "Anna", BEN: "Ben"}.get(who, "Carl"), rights))
    return session


def test_who_is_named_finds_it_and_gives_a_receipt(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[0].cabinet
    with chain.write() as session:
        made = say(as_(session, ANNA), Equipment, cabinet, " Too warm ", {BEN: "Ben", ANNA: "Anna"})
        assert unread(session) == 0, "nobody is told of one's own words"
        assert unread(as_(session, BEN)) == 1
        ((mention, said),) = my_mentions(session)
        assert (said.text, said.author_name, mention.read_at) == ("Too warm", "Anna", None)
        assert mark_read(session, made.id).record_id == cabinet
        assert unread(session) == 0
        (told,) = comments(as_(session, ANNA), Equipment, cabinet)
        assert [(one.name, one.read_at is not None) for one in told.mentions] == [("Ben", True)]


def test_nobody_reads_or_writes_where_the_record_is_out_of_sight(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[1].cabinet
    mine = RightsOf({"equipment.read": frozenset({chain.stores[0].id})})
    with chain.write() as session:
        as_(session, BEN, mine)
        with pytest.raises(NotFoundError):
            say(session, Equipment, cabinet, "hello", {})
        with pytest.raises(NotFoundError):
            comments(session, Equipment, cabinet)


def test_only_the_author_withdraws_and_the_mention_goes_with_it(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        made = say(as_(session, ANNA), Equipment, chain.stores[0].cabinet, "x", {BEN: "Ben"})
        with pytest.raises(NotFoundError):
            withdraw(as_(session, BEN), made.id)
        withdraw(as_(session, ANNA), made.id)
        assert my_mentions(as_(session, BEN)) == []
        with pytest.raises(NotFoundError):
            mark_read(session, made.id)


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2001])
def test_an_empty_or_endless_comment_is_refused(chain: ChainUnderTest, text: str) -> None:
    with chain.write() as session, pytest.raises(InvalidError):
        say(as_(session, ANNA), Equipment, chain.stores[0].cabinet, text, {})


def test_a_receipt_is_given_by_who_is_named_alone(chain: ChainUnderTest) -> None:
    with chain.write() as session:
        made = say(as_(session, ANNA), Equipment, chain.stores[0].cabinet, "x", {BEN: "Ben"})
        with pytest.raises(NotFoundError):
            mark_read(as_(session, CARL), made.id)

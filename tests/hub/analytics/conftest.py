"""A store with a clock of its own, and tickets to ring up."""

from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from hub.analytics import tickets
from hub.analytics.stores import StoreClock
from hub.analytics.tickets import Document, Place, Sold
from protocols.pos.ticket import Line, Tender, TenderKind, Ticket, TicketKind
from tests.hub.chain_under_test import ChainUnderTest

DAY = date(2026, 3, 17)
AT = datetime(2026, 3, 17, 3, 30, tzinfo=UTC)  # 11:30 in Shanghai


def ticket(
    number: str = "0001",
    cents: int = 1250,
    at: datetime = AT,
    *,
    till: str = "till-1",
    day: date = DAY,
    kind: TicketKind = TicketKind.SALE,
) -> Ticket:
    sign = -1 if kind is not TicketKind.SALE else 1
    line = Line(
        name="鲜牛奶",
        code="690001",
        quantity=sign,
        price_cents=cents,
        amount_cents=sign * cents,
    )
    tender = Tender(kind=TenderKind.WECHAT, amount_cents=sign * cents)
    return Ticket(
        till=till,
        business_day=day,
        number=number,
        kind=kind,
        at=at,
        currency="CNY",
        lines=(line,),
        tenders=(tender,),
        total_cents=sign * cents,
    )


class Register:
    """Sends documents of one store, each with the next place in the journal."""

    def __init__(self, chain: ChainUnderTest) -> None:
        self.chain = chain
        self.store_id = chain.stores[0].id
        zone = ZoneInfo("Asia/Shanghai")
        self.clock = StoreClock(self.store_id, chain.id, zone, time(0), "CNY")
        self.sent = 0

    def document(self, text: str, *, is_quarantined: bool = False) -> Document:
        self.sent += 1
        place = Place(UUID(int=7), 2**64 - 5, self.sent, 0)
        return Document(place, self.store_id, "till-1", is_quarantined, text)

    def send(self, *documents: Document) -> tuple[list[Sold], int]:
        """What was sold by it, and how many tickets the detector would count."""
        clocks = {self.store_id: self.clock}
        with self.chain.db.system_read("test") as connection:
            batch = tickets.read(connection, documents, clocks, AT)
        with self.chain.db.system("test") as connection:
            return tickets.write(connection, batch, clocks), len(batch.counted)

    def ring_up(self, *sold: Ticket) -> tuple[list[Sold], int]:
        return self.send(*(self.document(one.to_json()) for one in sold))


@pytest.fixture
def register(chain: ChainUnderTest) -> Register:
    return Register(chain)

"""What the assertions say of connections, of the primary host, and of a rebirth."""

from collections.abc import Callable, Iterator

from protocols.sparkplug import codec
from tests.integration.sparkplug.checks import DATA, Check, over
from tests.integration.sparkplug.recorder import Said, Session
from tests.integration.sparkplug.scenario import HOST, Recording


def each_session(
    is_right: Callable[[Session], bool], which: Callable[[Session], bool] = lambda _session: True
) -> Check:
    return over(lambda r: ((s.broker, is_right(s)) for s in r.sessions if which(s)))


def will(is_right: Callable[[Said], bool]) -> Check:
    return each_session(lambda s: s.will is not None and is_right(s.will))


def deaths(is_right: Callable[[Said], bool]) -> Check:
    """Of all NDEATHs: wills, farewells, and what the broker said for a dead client."""

    def find(recording: Recording) -> Iterator[tuple[str, bool]]:
        for session in recording.sessions:
            for said in [session.will, *session.of("NDEATH")]:
                yield session.broker, said is not None and is_right(said)
        for message in recording.broker_said:
            if message.topic.split("/")[2] == "NDEATH":
                heard = Said(message.topic, message.payload, message.qos, message.retain)
                yield "broker", is_right(heard)

    return over(find)


def subscribed(topic: str) -> Check:
    """At QoS 1 and before a word was said."""

    def is_right(session: Session) -> bool:
        return (topic, 1) in session.subscriptions and session.subscribed_after == 0

    return each_session(is_right)


def says_death_and_leaves(session: Session) -> bool:
    return session.is_disconnected and [m.kind for m in session.said][-1:] == ["NDEATH"]


@over
def each_end_is_told(recording: Recording) -> Iterator[tuple[str, bool]]:
    """The broker tells a death for every connection: by its will or by its farewell."""
    told = [
        codec.bdseq_of(codec.parse(m.payload))
        for m in recording.broker_said
        if m.topic.split("/")[2] == "NDEATH"
    ]
    for session in recording.plain:
        assert session.will is not None
        yield session.broker, codec.bdseq_of(session.will.payload) in told


@over
def lost_devices_die(recording: Recording) -> Iterator[tuple[str, bool]]:
    """After `online` = 0 of a device follows its DDEATH."""
    session = recording.plain[0]
    lost = [r.device for r in recording.put if r.metric == "online" and r.value == 0.0]
    died = [m.levels[4] for m in session.of("DDEATH")]
    if recording.layout == "device":
        for device in lost:
            yield device, device in died


# the primary host


def silent_while(*whys: str) -> Check:
    """Nothing is said from a mark of the test to the next one."""

    def find(recording: Recording) -> Iterator[tuple[str, bool]]:
        for session in recording.hosted:
            mark = ""
            for item in session.talk:
                if isinstance(item, str):
                    mark = item
                    if mark in whys:
                        yield mark, True
                elif mark in whys and not item.is_heard:
                    yield f"{mark}: {item.topic}", False

    return over(find)


@over
def born_after_the_host(recording: Recording) -> Iterator[tuple[str, bool]]:
    """The first word follows an `online` that the broker has just passed on."""
    for session in [*recording.hosted, *recording.walking]:
        words = [m for m in session.talk if isinstance(m, Said)]
        births = [place for place, m in enumerate(words) if m.kind == "NBIRTH"]
        if births:
            before = words[births[0] - 1]
            yield session.broker, before.kind == "STATE" and b'"online": true' in before.raw


@over
def death_follows_the_host(recording: Recording) -> Iterator[tuple[str, bool]]:
    """At once after a valid offline: nothing but NDEATH, then DISCONNECT."""
    for session in [recording.hosted[0], recording.walking[1]]:
        words = [m for m in session.talk if isinstance(m, Said)]
        offline = max(n for n, m in enumerate(words) if m.kind == "STATE")
        after = [m.kind for m in words[offline + 1 :]]
        yield session.broker, after == ["NDEATH"] and session.is_disconnected


@over
def an_older_offline_ends_nothing(recording: Recording) -> Iterator[tuple[str, bool]]:
    session = recording.hosted[0]
    place = session.talk.index("the host is offline by an older message")
    after = [m for m in session.talk[place:] if isinstance(m, Said) and not m.is_heard]
    yield "data goes on", any(m.kind in DATA for m in after[:-1])


@over
def connects_again(recording: Recording) -> Iterator[tuple[str, bool]]:
    yield "one broker", len(recording.hosted) == 2
    yield "two brokers", [s.broker for s in recording.walking] == ["a", "b", "a"]


@over
def one_broker_at_a_time(recording: Recording) -> Iterator[tuple[str, bool]]:
    for one, other in zip(recording.walking, recording.walking[1:], strict=False):
        yield f"{one.broker} then {other.broker}", one.closed < other.opened


@over
def listens_to_its_host(recording: Recording) -> Iterator[tuple[str, bool]]:
    for session in [*recording.hosted, *recording.walking]:
        states = [topic for topic in session.subscriptions if "/STATE/" in topic[0]]
        yield session.broker, states == [(f"spBv1.0/STATE/{HOST}", 1)]


# rebirth


def after_rebirth(is_right: Callable[[Session, list[Said]], bool]) -> Check:
    """Of what is said after the command in the first session."""

    def find(recording: Recording) -> Iterator[tuple[str, bool]]:
        session = recording.plain[0]
        for place, item in enumerate(session.talk):
            is_command = isinstance(item, Said) and item.is_heard and item.kind == "NCMD"
            if is_command and _asks_rebirth(item):
                after = [m for m in session.talk[place:] if isinstance(m, Said) and not m.is_heard]
                yield "rebirth", is_right(session, after)

    return over(find)


def _asks_rebirth(item: Said | str) -> bool:
    return isinstance(item, Said) and any(m.name == codec.REBIRTH for m in item.payload.metrics)


def births_come_at_once(_session: Session, after: list[Said]) -> bool:
    return after[0].kind == "NBIRTH"


def births_are_complete(session: Session, after: list[Said]) -> bool:
    """All that lived before the command and all that it declared then."""
    lived = {m.levels[4] for m in session.of("DBIRTH")} - {
        m.levels[4] for m in session.of("DDEATH")
    }
    again: set[str] = set()
    for message in after[1:]:
        if message.kind != "DBIRTH":
            break
        again.add(message.levels[4])
    before, now = session.of("NBIRTH")[0], after[0]
    names = {m.name for m in before.payload.metrics}
    return lived <= again and names <= {m.name for m in now.payload.metrics}


def bdseq_is_kept(session: Session, after: list[Said]) -> bool:
    assert session.will is not None
    return codec.bdseq_of(after[0].payload) == codec.bdseq_of(session.will.payload)

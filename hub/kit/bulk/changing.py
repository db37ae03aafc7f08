"""One change of many records, as a background job: all of one batch, so it is undone as one.

`params` are `{"action", "values", "does", "pairs", "ids"}`: `ids` are the chosen ones, or null for
all that the list of `pairs` shows. Records are taken in the order of their ids, so none is met
twice though the change takes it out of the list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from hub.errors import HubError, InvalidError, T
from hub.kit.jobs import service
from hub.kit.jobs.models import Job
from hub.kit.jobs.turn import Turn
from hub.kit.records.access import load
from hub.kit.records.actions import perform
from hub.kit.records.apply import Action, Change, apply
from hub.kit.records.custom import as_told, checked_custom, custom_fields, fields_in, split
from hub.kit.records.declare import title_of
from hub.kit.records.models import model_of
from hub.kit.records.query import matching, parse
from hub.kit.records.schemas import SOME_WRONG, as_json, checked, schemas_of
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

BULK = "bulk"
AT_ONCE = 20  # records a transaction: others wait no longer than 50 ms for their turn
TOLD_MAX = 50  # refused records that are named
CHOSEN_MAX = 500
_NOTHING = T("请先选中记录。", "Choose records first.")
_NO_CHANGE = T("请选择要改的内容。", "Choose what to change.")


class BulkAction(StrEnum):
    """LABEL adds words to what is there; SET replaces."""

    SET = "set"
    LABEL = "label"
    ARCHIVE = "archive"
    RESTORE = "restore"
    PERFORM = "perform"  # what the type declares, such as posting


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do with which records of one type."""

    action: BulkAction
    values: Mapping[str, Any]
    pairs: Sequence[tuple[str, str]]
    ids: Sequence[UUID] | None
    does: str = ""  # the declared action


def begin(session: ScopedSession, model: type[Record], wish: Wish) -> Job:
    """The job, once the wish makes sense; its id is the batch of all its changes."""
    if wish.ids is not None and not 0 < len(wish.ids) <= CHOSEN_MAX:
        raise InvalidError(_NOTHING)
    values: dict[str, Any] = {}
    if wish.action in (BulkAction.SET, BulkAction.LABEL):
        if not wish.values:
            raise InvalidError(_NO_CHANGE)
        values = _judged(session, model, wish.values)
    if wish.action is BulkAction.PERFORM and wish.does not in names_of_actions(model):
        raise InvalidError(_NO_CHANGE)
    parse(model, wish.pairs, fields_in(session, model))
    params = {
        "action": wish.action.value,
        "values": values,
        "does": wish.does,
        "pairs": [list(pair) for pair in wish.pairs],
        "ids": None if wish.ids is None else [str(one) for one in wish.ids],
    }
    return service.add(session, BULK, model.__tablename__, params)


def names_of_actions(model: type[Record]) -> set[str]:
    return {one.name for one in model.__record__.actions}


def _judged(
    session: ScopedSession, model: type[Record], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """The values in JSON form, once they are right by themselves."""
    plain, own = split(session, model, wanted)
    values = as_json(model, checked(schemas_of(model).update, plain, partial=True))
    found, wrong = checked_custom(session, model(), own, is_new=False)
    if wrong:
        raise InvalidError(SOME_WRONG, wrong)
    return values | as_told(custom_fields(session, model).values(), found)


def step(turn: Turn) -> None:
    """The next records."""
    model = model_of(turn.work.subject)
    with turn.read() as session:
        total = turn.work.total or _count(session, model, turn.work.params)
        ids = _next(session, model, turn.work.params, turn.work.memo.get("after"))
    with turn.write() as moving:
        memo = moving.job.memo
        changed, told = int(memo.get("changed", 0)), list(memo.get("refused", ()))
        refused = int(memo.get("refusals", 0))
        for one in ids:
            problem = _change(moving.session, model, one, turn)
            if problem:
                refused += 1
                told = [*told, problem][:TOLD_MAX]
            else:
                changed += 1
        after = str(ids[-1]) if ids else None
        place = turn.work.position + len(ids)
        moving.at(place, total, after=after, changed=changed, refused=told, refusals=refused)
        if len(ids) < AT_ONCE:
            moving.finish()


def _change(
    session: ScopedSession, model: type[Record], record_id: UUID, turn: Turn
) -> list[str] | None:
    """Make the change; or what is refused as [id, title, zh, en]."""
    params = turn.work.params
    action = BulkAction(params["action"])
    try:
        if action is BulkAction.PERFORM:
            perform(session, model, record_id, params["does"], Change(batch_id=turn.work.id))
            return None
        record = load(session, model, record_id)
        if action is BulkAction.ARCHIVE or action is BulkAction.RESTORE:
            change = Change(record_id, batch_id=turn.work.id, action=Action(action.value))
        else:
            values = dict(params["values"])
            if action is BulkAction.LABEL:
                values = {n: [*(getattr(record, n) or ()), *v] for n, v in values.items()}
            change = Change(record_id, values, batch_id=turn.work.id)
        apply(session, model, change)
    except HubError as error:
        fields = getattr(error, "fields", {})
        text = next(iter(fields.values()), error.text)
        found = session.get(model, record_id)
        return [str(record_id), title_of(found) if found else "", text.zh, text.en]
    return None


def _narrowed(session: ScopedSession, model: type[Record], params: Mapping[str, Any]) -> Any:
    pairs = [(name, value) for name, value in params["pairs"]]
    return parse(model, pairs, fields_in(session, model))


def _count(session: ScopedSession, model: type[Record], params: Mapping[str, Any]) -> int:
    if params["ids"] is not None:
        return len(params["ids"])
    found = matching(
        session, select(func.count(model.id)), model, _narrowed(session, model, params)
    )
    return session.scalar(found) or 0


def _next(
    session: ScopedSession, model: type[Record], params: Mapping[str, Any], after: str | None
) -> Sequence[UUID]:
    if params["ids"] is not None:
        ids = sorted(UUID(one) for one in params["ids"])
        return [one for one in ids if after is None or one > UUID(after)][:AT_ONCE]
    found = matching(session, select(model.id), model, _narrowed(session, model, params))
    if after:
        found = found.where(model.id > UUID(after))
    return session.scalars(found.order_by(model.id).limit(AT_ONCE)).all()

"""The import of a file as a job: read, columns, check, write; and taking all of it back.

A job that `asks` stops twice, for the columns and with what the check found; one that does not goes
through, and writes nothing when a single row is wrong, unless told to leave those out.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.errors import FieldsError, HubError, InvalidError, T
from hub.kit.exchange import sheet
from hub.kit.exchange.columns import NOTHING_OWN, head_row, importable, match, remembered
from hub.kit.exchange.rows import Judge, Judged, OnDuplicate, Plan, twin_problem
from hub.kit.exchange.staging import Outcome, StagedRow, Staging
from hub.kit.jobs.models import Job
from hub.kit.jobs.turn import Moving, Turn, Work
from hub.kit.records.apply import Action, apply, undo
from hub.kit.records.batch import create_many
from hub.kit.records.custom import custom_fields
from hub.kit.records.declare import Field
from hub.kit.records.log import ChangeLog
from hub.kit.records.models import model_of
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

IMPORT, UNDO = "import", "import-undo"
STEP_S = 1.0
CHECKED_AT_ONCE, UNDONE_AT_ONCE = 250, 5
GOAL_S, LEAST, MOST = 0.014, 16, 160  # time at the write gate, and rows in one transaction

_NO_COLUMN = T(
    "没有一列的表头是本类的字段。请下载模板对照，或改表头。",
    "No column has a head that is a field of this type. Compare it with the template.",
)
_MISSING = T("缺少必填的列：{all}。", "Required columns are missing: {all}.")
_REFUSED = T(
    "{n} 行有误，什么都没有写入。改好后再导入，或选择跳过有误的行。",
    "{n} rows are wrong, so nothing was written. Correct them, or leave the wrong rows out.",
)
_NO_ROWS = T("表头下面没有数据。", "There are no rows below the heads.")


def step(turn: Turn) -> None:
    """One step of an import."""
    match turn.work.memo.get("stage", "read"):
        case "read":
            _read(turn)
        case "columns":
            _choose(turn)
        case "check":
            _check(turn)
        case _:
            _write(turn)


def plan_of(work: Work | Job) -> Plan:
    """How the job's file is read, as far as it is decided."""
    memo, params = work.memo, work.params
    return Plan(
        columns={int(number): name for number, name in memo.get("columns", {}).items()},
        width=len(memo.get("heads", ())),
        on_duplicate=OnDuplicate(memo.get("on_duplicate", params.get("on_duplicate", "skip"))),
        constants=memo.get("constants", params.get("constants", {})),
        batch_id=work.id,
        reason=str(params.get("file", ""))[:200],
    )


def _read(turn: Turn) -> None:
    """From the uploaded file to staged rows, with the columns that are known."""
    count = sheet.read(turn.folder / "source", turn.folder)
    staging, model = Staging(turn.folder), model_of(turn.work.subject)
    top = staging.rows(0, 10)
    with turn.read() as session:
        known, own = remembered(session, model), custom_fields(session, model)
    lines = [row.cells for row in top]
    head = head_row(model, lines, known, own)
    heads = [cell[:100] for cell in lines[head]] if lines else []
    found = match(model, heads, known, own)
    if count <= head + 1:
        raise InvalidError(_NO_ROWS)
    with turn.write() as moving:
        moving.at(
            head + 1,
            count,
            stage="columns",
            head=head + 1,
            heads=heads,
            columns={str(number): name for number, name in found.items()},
            about=staging.about(),
        )
        if turn.work.params.get("asks"):
            moving.ask()


def _choose(turn: Turn) -> None:
    """The columns are decided: see that what is required is there."""
    plan, model = plan_of(turn.work), model_of(turn.work.subject)
    with turn.read() as session:
        problem = columns_problem(model, plan, custom_fields(session, model))
    if problem:
        raise InvalidError(problem)
    head = int(turn.work.memo["head"])
    Staging(turn.folder).forget(head)
    with turn.write() as moving:
        moving.at(head, stage="check")


def _lacks(field: Field, given: set[str]) -> bool:
    """Fields that only some records have are asked for row by row."""
    return field.is_required and not field.where and field.name not in given


def columns_problem(
    model: type[Record], plan: Plan, own: Mapping[str, Field] = NOTHING_OWN
) -> T | None:
    """What keeps a file with these columns from making new records."""
    given = {*plan.columns.values(), *plan.constants}
    if not plan.columns:
        return _NO_COLUMN
    missing = [f.label for n, f in importable(model, own).items() if _lacks(f, given)]
    if not missing:
        return None
    return T(
        _MISSING.zh.format(all="、".join(label.zh for label in missing)),
        _MISSING.en.format(all=", ".join(label.en for label in missing)),
    )


def _check(turn: Turn) -> None:
    """Judge rows for a second; after the last one say what the whole file would do."""
    staging, model, plan = Staging(turn.folder), model_of(turn.work.subject), plan_of(turn.work)
    position, until = turn.work.position, time.monotonic() + STEP_S
    with turn.read() as session:
        judge = Judge(session, model, plan, is_trial=True)
        while rows := staging.rows(position, CHECKED_AT_ONCE):
            staging.put([one.row for one in judge.judge(_filled(rows))])
            position = rows[-1].number
            if time.monotonic() > until:
                break
    if rows:
        with turn.write() as moving:
            moving.at(position)
        return
    mark_twins(staging, model)
    counts = staging.counts(int(turn.work.memo["head"]))
    with turn.write() as moving:
        _checked(turn, moving, counts)


def _filled(rows: Sequence[StagedRow]) -> list[StagedRow]:
    return [row for row in rows if any(cell.strip() for cell in row.cells)]


def mark_twins(staging: Staging, model: type[Record]) -> None:
    """Rows with the key of an earlier one are wrong."""
    for number, first in staging.twins():
        row = staging.row(number)
        if row and row.outcome is not Outcome.WRONG:
            staging.put([replace(row, outcome=Outcome.WRONG, problems=twin_problem(model, first))])


def _checked(turn: Turn, moving: Moving, counts: Mapping[Outcome, int]) -> None:
    """A dry run ends here; who asks is shown the findings; else it goes on when all is well."""
    params, head = turn.work.params, int(turn.work.memo["head"])
    found = {one.value: n for one, n in counts.items() if one is not Outcome.READ}
    wrong = found.get("wrong", 0)
    if params.get("dry_run"):
        moving.at(turn.work.total)
        moving.finish(**found)
    elif params.get("asks"):
        moving.at(head, stage="write", made=0, changed=0, refused=0)
        moving.ask(**found)
    elif wrong and not params.get("skip_wrong"):
        moving.job.result = dict(found)
        moving.fail(_REFUSED.format(n=wrong))
    else:
        moving.at(head, stage="write", made=0, changed=0, refused=0)
        moving.job.result = dict(found)


def _write(turn: Turn) -> None:
    """Write rows for a second: judged many at a time, committed in slices of milliseconds."""
    staging, model, plan = Staging(turn.folder), model_of(turn.work.subject), plan_of(turn.work)
    until, size = time.monotonic() + STEP_S, LEAST
    position, memo = turn.work.position, dict(turn.work.memo)
    with turn.read() as session:
        judge = Judge(session, model, plan)
        while rows := staging.rows(position, CHECKED_AT_ONCE, (Outcome.NEW, Outcome.UPDATE)):
            left = judge.judge(rows)
            while left:
                some, left = left[:size], left[size:]
                size = _next_size(size, _commit(turn, model, some, memo, staging))
            position = rows[-1].number
            if time.monotonic() > until or turn.is_stopping():
                return
    with turn.write() as moving:
        moving.at(turn.work.total)
        moving.finish(made=memo["made"], changed=memo["changed"], refused=memo["refused"])


def _next_size(size: int, held_s: float) -> int:
    """More rows at a time while the gate is held shortly, fewer as soon as it is not."""
    if held_s > GOAL_S:
        return max(LEAST, int(size * GOAL_S / held_s))
    return min(MOST, size + 12)


def _commit(
    turn: Turn,
    model: type[Record],
    judged: Sequence[Judged],
    memo: dict[str, Any],
    staging: Staging,
) -> float:
    """One transaction: rows, audit and progress. Returns how long the gate was held."""
    new = [one for one in judged if one.prepared]
    wrong = [one for one in judged if one.row.outcome is Outcome.WRONG]
    with turn.write() as moving:
        began = time.monotonic()
        answers = create_many(moving.session, [one.prepared for one in new if one.prepared])
        made = [_told(one, answer) for one, answer in zip(new, answers, strict=True)]
        changed = [_told(o, _updated(moving.session, model, o)) for o in judged if o.change]
        memo["made"] += sum(1 for row in made if row.outcome is Outcome.DONE)
        memo["changed"] += sum(1 for row in changed if row.outcome is Outcome.DONE)
        done = [*made, *changed, *(replace(one.row, outcome=Outcome.REFUSED) for one in wrong)]
        done += [one.row for one in judged if one.row.outcome is Outcome.SKIP]
        memo["refused"] += sum(1 for row in done if row.outcome is Outcome.REFUSED)
        counts = {name: memo[name] for name in ("made", "changed", "refused")}
        moving.at(max(one.row.number for one in judged), **counts)
        moving.session.flush()
    held = time.monotonic() - began
    staging.put(done)
    return held


def _updated(session: ScopedSession, model: type[Record], one: Judged) -> HubError | None:
    if one.change is None:
        return None
    try:
        apply(session, model, one.change)
    except HubError as error:
        return error
    return None


def _told(one: Judged, answer: HubError | None) -> StagedRow:
    if answer is None:
        return replace(one.row, outcome=Outcome.DONE)
    fields = answer.fields if isinstance(answer, FieldsError) else {}
    return replace(one.row, outcome=Outcome.REFUSED, problems=fields or {"": answer.text})


def undo_step(turn: Turn) -> None:
    """Take an import back, the newest change first; what was changed since stays as it is."""
    model, batch_id = model_of(turn.work.subject), UUID(str(turn.work.params["batch"]))
    until, memo = time.monotonic() + STEP_S, dict(turn.work.memo)
    memo.setdefault("undone", 0)
    memo.setdefault("kept", 0)
    while time.monotonic() < until:
        with turn.read() as session:
            steps = _steps_of(session, batch_id, memo.get("before"))
        if not steps:
            break
        with turn.write() as moving:
            for seq, record_id in steps:
                undone = _undone(moving.session, model, record_id, seq)
                memo["undone" if undone else "kept"] += 1
            memo["before"] = steps[-1][0]
            moving.at(memo["undone"] + memo["kept"], **memo)
    else:
        return
    with turn.write() as moving:
        moving.finish(undone=memo["undone"], kept=memo["kept"])


def _steps_of(session: ScopedSession, batch_id: UUID, before: int | None) -> list[tuple[int, UUID]]:
    query = select(ChangeLog.seq, ChangeLog.record_id).where(ChangeLog.batch_id == batch_id)
    if before is not None:
        query = query.where(ChangeLog.seq < before)
    found = session.execute(query.order_by(ChangeLog.seq.desc()).limit(UNDONE_AT_ONCE))
    return [(seq, record_id) for seq, record_id in found if record_id]


def _undone(session: ScopedSession, model: type[Record], record_id: UUID, seq: int) -> bool:
    """A record that somebody changed since is left alone."""
    later = select(ChangeLog.seq).where(ChangeLog.record_id == record_id, ChangeLog.seq > seq)
    change = session.get(ChangeLog, seq)
    if change and change.action == Action.CREATE and session.scalar(later.limit(1)):
        return False
    try:
        undo(session, model, record_id, seq)
    except HubError:
        return False
    return True


def source_of(folder: Path) -> Path:
    return folder / "source"

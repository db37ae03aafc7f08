"""A wrong row corrected in the page: judged again at once, beside the rows that stay."""

from collections.abc import Mapping
from dataclasses import replace

from hub.errors import NotFoundError, T
from hub.kit.exchange.importing import plan_of
from hub.kit.exchange.rows import Judge, twin_problem
from hub.kit.exchange.sheet import MAX_CELL
from hub.kit.exchange.staging import Outcome, StagedRow, Staging
from hub.kit.jobs.models import Job
from hub.kit.records.models import model_of
from hub.kit.session import ScopedSession

_NO_ROW = T("文件里没有这一行。", "The file has no such row.")


def fix(
    session: ScopedSession, staging: Staging, job: Job, number: int, typed: Mapping[str, str]
) -> StagedRow:
    """The row with these values by field, and what is still wrong with it."""
    row = staging.row(number)
    if row is None or row.outcome not in (Outcome.WRONG, Outcome.NEW, Outcome.UPDATE, Outcome.SKIP):
        raise NotFoundError(_NO_ROW)
    model, plan = model_of(job.subject), plan_of(job)
    cells = list(row.cells[: plan.width]) if "" in row.problems else list(row.cells)
    for column, name in plan.columns.items():
        if name in typed:
            cells += [""] * (column + 1 - len(cells))
            cells[column] = typed[name][: MAX_CELL + 1]
    [judged] = Judge(session, model, plan, is_trial=True).judge([replace(row, cells=cells)])
    fixed = judged.row
    first = staging.first_with(fixed.key)
    if first is not None and first < number and fixed.outcome is not Outcome.WRONG:
        fixed = replace(fixed, outcome=Outcome.WRONG, problems=twin_problem(model, first))
    staging.put([fixed])
    return fixed

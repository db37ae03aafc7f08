"""Where a sealed value lies; it opens nowhere else."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Place:
    """One field of one row; with a subject it is sealed by that person's own key."""

    chain_id: UUID
    table: str
    column: str
    row_id: UUID
    subject_id: UUID | None = None

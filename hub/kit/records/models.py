"""From the name of a table to its record type."""

from functools import cache

from hub.kit.tables import Base, Record


@cache
def model_of(table: str) -> type[Record]:
    """The record type kept in `table`; KeyError when no imported module declares it."""
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, Record) and mapper.class_.__tablename__ == table:
            found: type[Record] = mapper.class_
            return found
    raise KeyError(f"no record type keeps {table}")

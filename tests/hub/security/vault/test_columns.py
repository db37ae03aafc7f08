"""No table keeps sealed text that a rotation would not find: it could be read by nobody after."""

from hub.sealed_columns import SEALED_COLUMNS


def test_sealed_columns_are_named_once() -> None:
    named = [(one.table.name, one.column) for one in SEALED_COLUMNS]
    assert len(named) == len(set(named))
    assert ("second_factors", "secret") in named
    for one in SEALED_COLUMNS:
        assert {"id", "chain_id", one.column} <= set(one.table.c.keys()), one

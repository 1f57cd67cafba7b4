"""The declaration of what is personal: nothing that can hold words may be left out of it."""

from __future__ import annotations

import pytest
from sqlalchemy import ARRAY, Enum, LargeBinary, String
from sqlalchemy.dialects.postgresql import INET, JSONB

from models import Base
from models.personal_data import COLUMNS, OF_CUSTOMER, OF_STAFF, PAPERS, Handling, erased_columns

TELLING = (
    "phone",
    "email",
    "address",
    "plate",
    "frame",
    "contact",
    "principal",
    "spoke_with",
    "customer_name",
)
# An address of a mail account that belongs to nobody in particular, and what the panel itself writes.
NOT_TELLING = {"access_entry.remote_address"}


def wordy_columns() -> dict[str, set[str]]:
    """Return the columns of each table in which words, documents or files can stand."""
    return {
        table.name: {
            column.name
            for column in table.columns
            if isinstance(column.type, String | ARRAY | LargeBinary | JSONB | INET)
            and not isinstance(column.type, Enum)
        }
        for table in Base.metadata.tables.values()
    }


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_every_column_that_can_hold_words_says_what_an_erasure_makes_of_it(table: str) -> None:
    assert set(COLUMNS.get(table, {})) == wordy_columns()[table]


def test_no_column_with_a_telling_name_is_called_impersonal() -> None:
    impersonal = {
        f"{table}.{column}"
        for table, columns in COLUMNS.items()
        for column, handling in columns.items()
        if handling is Handling.NONE and any(word in column for word in TELLING)
    }
    assert impersonal == NOT_TELLING


def test_the_function_is_told_of_every_column_that_identifies() -> None:
    told = erased_columns()
    assert set(told) == {*OF_CUSTOMER, *OF_STAFF, *PAPERS}
    assert set(told["note"]) == {"body"}
    for table, columns in COLUMNS.items():
        if table in PAPERS:
            continue
        identifying = {
            column
            for column, handling in columns.items()
            if handling not in (Handling.NONE, Handling.BUSINESS, Handling.OWN_RULE)
        }
        assert identifying == set(told.get(table, {})), table
    assert told["letter"]["regarding"] == {"is": "text", "most": 160}

"""A log of some leaves, as actions leave them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from xinlin.office.leaves import write_leaves
from xinlin.office.models.log import Leaf
from xinlin.office.scopes import Actor

CLERK = Actor(handle="account:12", name="经办人", role="clerk", department="market_regulation")


@pytest.fixture
def leave(db: None) -> Callable[[int], list[Leaf]]:
    """``leave(3)`` writes three leaves in one transaction."""

    def write(count: int) -> list[Leaf]:
        with transaction.atomic():
            rows = [(f"B{number}", {"rows": number}) for number in range(count)]
            return write_leaves(actor=CLERK, action="batches.receive", table="batch", rows=rows)

    return write

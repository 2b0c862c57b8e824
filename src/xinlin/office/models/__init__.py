"""Tables, one file per noun. Import the noun's own module, so that import contracts can see who reaches what."""

from xinlin.office.models import (
    batches,
    benefits,
    calendars,
    cases,
    checks,
    consents,
    deeds,
    evidence,
    lists,
    log,
    notices,
    people,
    records,
    redatings,
    scores,
    staff,
)

__all__ = [
    "batches",
    "benefits",
    "calendars",
    "cases",
    "checks",
    "consents",
    "deeds",
    "evidence",
    "lists",
    "log",
    "notices",
    "people",
    "records",
    "redatings",
    "scores",
    "staff",
]

"""Reads an open folder's consents: who may be scored by this very scheme (开放数据夹的同意)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from xinlin.core.plan import Plan
from xinlin.core.rulebooks import Rulebook
from xinlin.engine.codes import Codes
from xinlin.engine.hashes import Hashes, hashed
from xinlin.engine.numbering import UNKNOWN, Numbering, numbers_of
from xinlin.engine.statements import literal
from xinlin.engine.tables import (
    DAY,
    PLACE,
    WORDS,
    Column,
    any_empty,
    open_needed,
    quoted,
    refuse_gaps,
    refuse_where,
    rows_of,
    source_of,
)

CONSENTS = [
    Column("subject", WORDS, True),
    Column("given_on", DAY, True),
    Column("withdrawn_on", DAY),
    Column("scheme", WORDS, may_lack=True),
]


@dataclass(frozen=True, slots=True)
class Consents:
    """What one look at ``consents`` tells: whose each is, by the hash of the handle without salt, and whether it is live."""

    path: Path
    whose: Hashes
    live: npt.NDArray[np.bool_]
    wrong: bool
    """Whether a cell is empty that may not be."""

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection, folder: Path, plan: Plan) -> Consents:
        """Live are those to this very score."""
        day, asked = np.datetime64(plan.as_of), [plan.scheme.code] if plan.scheme.extends else []
        schemes = Codes("consents:scheme", asked)
        with connection.cursor() as own:
            path = open_needed(own, folder, "consents", CONSENTS)
            count = own.execute("SELECT count(*) FROM consents").fetchall()[0][0]
            whose, live, wrong, done = np.empty(count, np.uint64), np.empty(count, np.bool_), False, 0
            for batch in rows_of(own, path, "consents", CONSENTS, ["scheme"]):
                at = slice(done, done := done + len(batch))
                whose[at] = hashed(batch["subject"])
                given, withdrawn = (batch[name].to_numpy(zero_copy_only=False) for name in ("given_on", "withdrawn_on"))
                this = schemes.of(batch["scheme"]) == (0 if asked else -1)
                live[at] = (given <= day) & ~(withdrawn <= day) & this  # no day is before none
                wrong = wrong or any_empty(batch["subject"]) or batch["given_on"].null_count > 0
        return cls(path, whose, live, wrong)

    def given(self, connection: duckdb.DuckDBPyConnection, known: Numbering) -> npt.NDArray[np.bool_]:
        """Whether each subject has a live one. Refuses one of somebody who is not among the subjects."""
        if self.wrong:
            refuse_gaps(connection, self.path.name, "consents", CONSENTS)
        whose = numbers_of(connection, "consents", self.whose, known)
        if (whose == UNKNOWN).any():
            refuse_where(
                connection,
                f"SELECT c.subject, c.{quoted(PLACE)} FROM consents c ANTI JOIN subjects USING (subject)",
                "unknown_subject",
                "consents:subject",
                "主体 {} 不在 subjects 中。",
                "the subject {} is not in subjects.",
            )
        given = np.zeros(len(known), np.bool_)
        given[whose[self.live]] = True
        return given


def refuse_schemes(connection: duckdb.DuckDBPyConnection, folder: Path, rulebook: Rulebook) -> None:
    """Refuse a consent to a score that the rulebook has not, or to the city's own by its code: it would open nothing."""
    path = source_of(folder, "consents")
    if path is None:
        return
    trades = sorted({scheme.code for scheme in rulebook.schemes if scheme.extends})
    listed = ", ".join(trades) or "—"
    refuse_where(
        connection,
        f"SELECT scheme, {quoted(PLACE)} FROM consents WHERE scheme NOT IN ({', '.join(map(literal, ['', *trades]))})",
        "unknown_scheme",
        f"{path.name}:scheme",
        "没有名为 {} 的行业信用分。",
        "there is no trade's score {}.",
        (
            f"本市信用分请留空；行业信用分请写其一：{listed}。",
            f"Leave it empty for the city's own score; a trade's is one of: {listed}.",
        ),
    )

"""What the database itself refuses, whoever asks it: triggers that hold rights 3 and 4 below every form (数据库守门).

Raised anew after each migration, since SQLite loses triggers where a table is rebuilt.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Guard:
    """What holds of a row that is inserted, or of which ``columns`` are updated: where it meets ``suspect``, it meets ``holds``.

    Without ``columns`` it holds of a row (OLD) that is deleted.
    """

    name: str
    table: str
    columns: str
    suspect: str
    """Cheap test on the row alone: rows that do not meet it pass at once."""
    holds: str
    """SQL that is true for a row that may stand."""
    says: str


_NO_PARTS = "NEW.document = '' OR NEW.authority = '' OR NEW.article = '' OR NEW.notice_on IS NULL"
GUARDS = (
    Guard(
        name="guard_negative_record",
        table="record",
        columns="status, kind, document, authority, article, notice_on, record_class",
        suspect=f"NEW.status = 'active' AND ({_NO_PARTS} OR NEW.record_class = '')",
        holds=f"""NOT EXISTS (SELECT 1 FROM negative_kind k
            WHERE k.code = NEW.kind AND (k.classed OR {_NO_PARTS}))""",
        says="a negative record in force needs document, authority, article, class and notice",
    ),
    Guard(
        name="guard_list_entry",
        table="list_entry",
        columns="list",
        suspect="NEW.list <> ''",
        holds="EXISTS (SELECT 1 FROM list_rule l WHERE l.code = NEW.list)",
        says="an entry stands only on a list that the rulebook has",
    ),
    Guard(
        name="guard_measure_use",
        table="measure_use",
        columns="entry_id, rule_id, feedback_id, document, authority, notice_on, starts_on, ends_on",
        suspect="NEW.lifted_on IS NULL",
        holds="""EXISTS (SELECT 1 FROM list_entry e
            JOIN record r ON r.id = e.record_id
            JOIN measure_rule m ON m.id = NEW.rule_id
            JOIN list_rule l ON l.code = e.list AND l.colour = 'black'
            JOIN check_feedback f ON f.id = NEW.feedback_id
            WHERE e.id = NEW.entry_id AND e.removed_at IS NULL AND r.status = 'active'
              AND e.list = m.statutory_list AND e.document = NEW.document AND e.authority = NEW.authority
              AND e.notice_on = NEW.notice_on AND e.remedy <> ''
              AND NEW.starts_on >= e.entered_on AND NEW.ends_on <= e.ends_on
              AND NEW.starts_on >= m.effective_from AND NEW.ends_on <= m.effective_to
              AND f.entry_id = e.id AND f.decision = 'measure_applied' AND f.measure = m.code)""",
        says="a measure needs a standing entry, its document, authority, article in force, notice, remedy and end",
    ),
)

OF_DELIVERIES = (
    Guard(
        name="guard_record_batch",
        table="record",
        columns="batch_id",
        suspect="TRUE",
        holds="EXISTS (SELECT 1 FROM batch b WHERE b.id = NEW.batch_id)",
        says="a record names the delivery that it came with",
    ),
    Guard(
        name="guard_batch",
        table="batch",
        columns="",
        suspect="TRUE",
        holds="NOT EXISTS (SELECT 1 FROM record r WHERE r.batch_id = OLD.id)",
        says="a delivery stays as long as a record that came with it",
    ),
)
"""On PostgreSQL in the place of a foreign key, which would look up the one delivery of a million records a million times.

Whoever stores records holds their delivery locked.
"""


def _sqlite(guard: Guard) -> list[str]:
    statements = []
    for event, when in (("INSERT", "INSERT"), ("UPDATE", f"UPDATE OF {guard.columns}")):
        name = f"{guard.name}_{event.lower()}"
        statements += [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE {when} ON {guard.table} WHEN ({guard.suspect}) AND NOT ({guard.holds}) "
            f"BEGIN SELECT RAISE(ABORT, '{guard.name}: {guard.says}'); END",
        ]
    return statements


def _postgresql(guard: Guard) -> list[str]:
    """What a statement inserts is looked at all together: a look at each of a million rows would take a tenth of their time."""
    refuse = f"THEN RAISE EXCEPTION '{guard.name}: {guard.says}' USING ERRCODE = 'check_violation'; END IF;"
    if not guard.columns:
        return [
            f"CREATE OR REPLACE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $body$ "
            f"BEGIN IF NOT ({guard.holds}) {refuse} RETURN OLD; END $body$",
            f"CREATE OR REPLACE TRIGGER {guard.name} BEFORE DELETE ON {guard.table} "
            f"FOR EACH ROW WHEN ({guard.suspect}) EXECUTE FUNCTION {guard.name}()",
        ]
    together = f"EXISTS (SELECT 1 FROM inserted NEW WHERE ({guard.suspect}) AND NOT ({guard.holds}))"
    return [
        f"CREATE OR REPLACE FUNCTION {guard.name}_insert() RETURNS trigger LANGUAGE plpgsql AS $body$ "
        f"#variable_conflict use_column\nBEGIN IF {together} {refuse} RETURN NULL; END $body$",
        f"CREATE OR REPLACE TRIGGER {guard.name}_insert AFTER INSERT ON {guard.table} "
        f"REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION {guard.name}_insert()",
        f"CREATE OR REPLACE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $body$ "
        f"BEGIN IF NOT ({guard.holds}) {refuse} RETURN NEW; END $body$",
        f"CREATE OR REPLACE TRIGGER {guard.name} BEFORE UPDATE OF {guard.columns} ON {guard.table} "
        f"FOR EACH ROW WHEN ({guard.suspect}) EXECUTE FUNCTION {guard.name}()",
    ]


def raise_guards() -> None:
    """Make every trigger as it stands above, in place of an older one."""
    if connection.vendor == "postgresql":
        statements = [statement for guard in GUARDS + OF_DELIVERIES for statement in _postgresql(guard)]
    else:
        statements = [statement for guard in GUARDS for statement in _sqlite(guard)]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

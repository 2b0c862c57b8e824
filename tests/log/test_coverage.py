"""Every action leaves a leaf, and no leaf says anything about anybody."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from xinlin import office
from xinlin.core.checks import Applicant
from xinlin.office.actions.checks import answer
from xinlin.office.jobs import log as jobs
from xinlin.office.models.log import Head, Leaf, LeafOpening, Tile

from ..checks.conftest import OFFICER, TRADING, make_entry, make_subject

ACTIONS = Path(office.__file__).parent / "actions"
WRITES = {"write_leaf", "write_leaves"}
WITHOUT = {
    "notices.read": "that a person opened their own message changes nothing for anybody",
    "answers.store": "stores within the action that asked, whose leaf covers the answers",
    "proofs.keep_key": "keeps the key within the delivery, whose leaf covers it",
    "proofs.verified": "reads a signature; the delivery that it came with leaves the leaf",
    "sources.names": "only reads",
    "sources.pulled": "only reads",
    "uploads.add_part": "a part is nothing yet; the finished upload becomes a delivery with its leaf",
    "uploads.progress": "only reads",
    "tellings.tell_users": "runs inside the action that changes the record, whose leaf covers it",
}
"""Functions with an actor that leave no leaf, each with its reason."""


def _functions(module: Path) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for holder in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        found |= {f"{holder.name}.{node.name}": node for node in holder.body if isinstance(node, ast.FunctionDef)}
    return found


def _imports(module: Path) -> dict[str, str]:
    """Local name -> ``module`` or ``module.function`` of the actions, as the file imports them."""
    found = {}
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "xinlin.office.actions":
            found |= {name.asname or name.name: name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xinlin.office.actions."):
            inside = str(node.module).rsplit(".", 1)[1]
            found |= {name.asname or name.name: f"{inside}.{name.name}" for name in node.names}
    return found


def _calls() -> tuple[dict[str, set[str]], set[str]]:
    """What each function of the actions calls (``module.function``), and those that are actions."""
    calls: dict[str, set[str]] = {}
    actions: set[str] = set()
    for module in ACTIONS.glob("*.py"):
        functions, imported = _functions(module), _imports(module)
        for name, node in functions.items():
            reached = set()
            for call in (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)):
                target = call.func
                if isinstance(target, ast.Name):
                    reached.add(imported.get(target.id, f"{module.stem}.{target.id}"))
                    reached |= {target.id} & WRITES
                elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                    reached.add(f"{imported.get(target.value.id, target.value.id)}.{target.attr}")
            calls[f"{module.stem}.{name}"] = reached
            keyword_only = {argument.arg for argument in node.args.kwonlyargs}
            if "actor" in keyword_only and not name.startswith("_"):
                actions.add(f"{module.stem}.{name}")
    return calls, actions


def test_every_action_reaches_a_leaf() -> None:
    calls, actions = _calls()
    assert len(actions) > 30

    def reaches(name: str, seen: frozenset[str] = frozenset()) -> bool:
        if name in WRITES:
            return True
        return name not in seen and any(reaches(one, seen | {name}) for one in calls.get(name, ()))

    bare = {name for name in actions if not reaches(name)}
    assert bare == set(WITHOUT), "write a leaf in the action's own transaction (xinlin.office.leaves)"


@pytest.mark.django_db
def test_nothing_in_the_log_names_whom_a_check_was_about(settings: object) -> None:
    settings.CITY = "national"  # type: ignore[attr-defined]  # pytest-django's
    person, firm = make_subject("欧阳测试明", person=True), make_subject("植入名称建设有限公司", person=False)
    make_entry(person.subject)
    answer(
        actor=TRADING,
        item="bidding_qualification",
        purpose="植入的事由",
        officer=OFFICER,
        applicants=[Applicant(person.identifier, person.name), Applicant(firm.identifier, firm.name)],
        idempotency_key="key-1",
    )
    jobs.sequence()
    assert Leaf.objects.count() and Head.objects.count() == 1
    said = repr(
        [
            *(list(table.objects.values()) for table in (Leaf, LeafOpening, Head)),
            [bytes(tile.hashes) for tile in Tile.objects.all()],
        ]
    )
    planted = [
        person.identifier,
        person.name,
        firm.identifier,
        firm.name,
        "植入的事由",
        OFFICER,
        person.identifier[6:14],
    ]
    assert not [value for value in planted if value in said]
    assert {field.name for field in Leaf._meta.fields} == {"id", "index", "commitment", "action", "at"}

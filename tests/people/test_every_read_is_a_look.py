"""Complete by construction: every query that reaches a table about people writes the look itself, or says here why not."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

OFFICE = Path(__file__).resolve().parents[2] / "src" / "xinlin" / "office"
ABOUT_PEOPLE = {
    "Case",
    "CaseStep",
    "CheckAnswer",
    "CheckFeedback",
    "Consent",
    "Contact",
    "Deed",
    "Evidence",
    "ListEntry",
    "Message",
    "Opinion",
    "Record",
    "Relation",
    "Remedy",
    "Score",
    "Subject",
    "Telling",
}
"""Tables whose rows say something of somebody."""
READS = {f"{model}.objects" for model in ABOUT_PEOPLE} | {"connection.cursor", "fetched"}
"""How rows are reached; whoever is given a row by a caller reads nothing anew."""
WRITERS = {"write_look", "write_looks", "look_at_oneself"}
Function = tuple[str, str]
"""(module under queries, name)."""
REASONS = {
    "own": "shows a person only what they did themselves: their consents, cases, messages, contacts",
    "counts": "counts, never a row of anybody",
    "inner": "gives rows to other queries, which write the look; no face calls it",
    "beside": "more about answers that the same page reads by a query which writes the look",
    "system": "for jobs and runs: nothing is shown to anybody",
    "public": "a statute makes it public, of organisations alone",
    "nobody": "records that no identifier links to anybody: there is nobody to be shown a look",
    "nothing": "tells whether it is there, or how it is called; nothing of it is read",
}
EXCUSED: dict[Function, str] = {
    ("answer_views", "answer_view"): "inner",
    ("awards", "eligible"): "system",
    ("benefits", "answer_for"): "inner",
    ("benefits", "mine"): "own",
    ("benefits", "scenes_open"): "own",
    ("cases", "mine"): "own",
    ("cases", "own"): "own",
    ("cases", "steps_of"): "inner",
    ("catalogue", "theme_digest"): "counts",
    ("catalogue", "themes"): "counts",
    ("catalogue_items", "totals"): "counts",
    ("checks", "owed"): "nothing",
    ("checks", "whole"): "inner",
    ("connections", "connections"): "counts",
    ("connections", "office"): "counts",
    ("consents", "declined_scenes"): "own",
    ("consents", "deletion"): "own",
    ("consents", "deletions"): "own",
    ("consents", "mine"): "own",
    ("consents", "portable"): "own",
    ("consents", "receipt"): "own",
    ("deeds", "of_case"): "inner",
    ("deeds", "own"): "own",
    ("deeds", "photos_of"): "inner",
    ("deeds", "sorts"): "own",
    ("deeds", "taken"): "inner",
    ("desks", "outcomes_of"): "inner",
    ("desks", "visible"): "inner",
    ("districts", "districts"): "counts",
    ("ended", "negative"): "system",
    ("duplicates", "firms"): "public",
    ("duplicates", "workbook"): "public",
    ("enrolment", "consents_to"): "system",
    ("enrolment", "enrolled"): "system",
    ("evidence", "case_for"): "inner",
    ("evidence", "record_for"): "inner",
    ("evidence", "remedy_for"): "inner",
    ("evidence", "record_in_batch"): "nothing",
    ("figures", "coverage"): "counts",
    ("figures", "distribution"): "counts",
    ("hearings", "of_answers"): "beside",
    ("histories", "horizon"): "system",
    ("keys", "insist"): "system",
    ("keys", "keys_open"): "system",
    ("honours", "hidden_of"): "inner",
    ("inspections", "counted"): "counts",
    ("inspections", "counts"): "counts",
    ("inspections", "firms"): "inner",
    ("inspections", "graded_apart"): "inner",
    ("inspections", "results_of"): "inner",
    ("lists", "entry_of"): "inner",
    ("lists", "known"): "inner",
    ("notices", "contacts"): "own",
    ("notices", "mine"): "own",
    ("notices", "one"): "own",
    ("notices", "unread"): "own",
    ("notices", "to"): "own",
    ("office_clocks", "clocks"): "counts",
    ("opinions", "answered"): "public",
    ("opinions", "mine"): "own",
    ("people", "live_consents"): "inner",
    ("people", "look"): "own",
    ("people", "looks"): "own",
    ("people", "looks_at"): "inner",
    ("people", "me"): "own",
    ("people", "own_looks"): "own",
    ("people", "own_subject"): "inner",
    ("people", "score_standing"): "inner",
    ("pledges", "mine"): "own",
    ("publicity", "changes"): "public",
    ("publicity", "in_order"): "public",
    ("publicity", "one"): "public",
    ("publicity", "organisation"): "public",
    ("publicity", "section"): "public",
    ("quality", "reconciliations"): "counts",
    ("record_figures", "counted"): "counts",
    ("record_figures", "held"): "counts",
    ("recordings", "choices"): "own",
    ("records", "history"): "inner",
    ("records", "notes_on"): "inner",
    ("records", "represented_now"): "inner",
    ("records", "representing"): "inner",
    ("records", "views"): "inner",
    ("redatings", "nearer_ends"): "system",
    ("redatings", "preview"): "counts",
    ("remedies", "of_answers"): "beside",
    ("repairs", "own_exit_of"): "inner",
    ("repairs", "own_records"): "inner",
    ("reports", "about_firm"): "inner",
    ("reports", "firm_of"): "inner",
    ("reports", "firms"): "own",
    ("reports", "issued"): "own",
    ("linking", "unlinked"): "nobody",
    ("mandates", "acting"): "nothing",
    ("mandates", "given"): "own",
    ("mandates", "held"): "own",
    ("names", "unlinked"): "nobody",
    ("score_runs", "facts_of"): "system",
    ("score_runs", "receipt"): "own",
    ("scores", "standing"): "inner",
    ("scores", "trades"): "own",
    ("scores", "trend"): "inner",
    ("situation", "alerts"): "counts",
    ("situation", "scene_consents"): "counts",
    ("situation", "situation"): "counts",
    ("staff", "database_answers"): "nothing",
    ("modules", "counts"): "counts",
    ("modules", "modules"): "counts",
    ("stated_figures", "stated_figures"): "counts",
    ("supervision", "loop"): "counts",
    ("tallies", "counted"): "counts",
    ("tallies", "live"): "counts",
    ("funnel", "by_office"): "counts",
    ("traces", "trace"): "inner",
    ("staff", "let_in"): "nothing",
    ("tellings", "of_answers"): "beside",
}


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse((OFFICE / "queries" / f"{module}.py").read_text(encoding="utf-8"))


def _modules() -> list[str]:
    return sorted(path.stem for path in (OFFICE / "queries").glob("*.py") if path.stem != "__init__")


@cache
def _imported(module: str) -> dict[str, Function]:
    """Names in a module that stand for a function, or for a whole module, of the queries."""
    found: dict[str, Function] = {}
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("xinlin.office.queries"):
            inner = node.module.removeprefix("xinlin.office.queries").removeprefix(".")
            for name in node.names:
                found[name.asname or name.name] = (inner, name.name) if inner else (name.name, "")
    return found


@cache
def _functions(module: str) -> dict[str, ast.FunctionDef]:
    named = {}
    for node in _tree(module).body:
        if isinstance(node, ast.FunctionDef):
            named[node.name] = node
        elif isinstance(node, ast.ClassDef):
            named |= {f"{node.name}.{n.name}": n for n in node.body if isinstance(n, ast.FunctionDef)}
    return named


def _words(node: ast.AST) -> set[str]:
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    attributes = {
        f"{inner.value.id}.{inner.attr}"
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name)
    }
    return names | attributes


@cache
def _reach(function: Function, seen: frozenset[Function] = frozenset()) -> frozenset[str]:
    """Every word that a function uses, those of the queries that it calls included."""
    module, name = function
    if function in seen or module not in _modules() or name not in _functions(module):
        return frozenset()
    words = _words(_functions(module)[name])
    reached, imported = set(words), _imported(module)
    for word in words:
        head, _, tail = word.partition(".")
        if word in _functions(module):
            reached |= _reach((module, word), seen | {function})
        elif word in imported and imported[word][1]:
            reached |= _reach(imported[word], seen | {function})
        elif tail and head in imported and not imported[head][1]:
            reached |= _reach((imported[head][0], tail), seen | {function})
    return frozenset(reached)


def _readers() -> dict[Function, bool]:
    """Every public query that reaches a table about people, and whether it writes a look."""
    found = {}
    for module in _modules():
        for name in _functions(module):
            if name.startswith("_") or "." in name:
                continue
            words = _reach((module, name))
            if words & READS:
                found[module, name] = bool(words & WRITERS)
    return found


def test_every_query_about_people_writes_a_look_or_says_why_not() -> None:
    silent = {function for function, writes in _readers().items() if not writes}
    unexcused = sorted(silent - EXCUSED.keys())
    assert not unexcused, "let these write the look, or say in EXCUSED why there is none:\n" + "\n".join(
        map(str, unexcused)
    )
    assert not sorted(EXCUSED.keys() - silent), "excused without need"


def _called_from_faces() -> set[Function]:
    """Every query that a face calls, by any name under which it imported it."""
    called = set()
    for path in (OFFICE.parent / "faces").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names: dict[str, Function] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xinlin.office.queries"):
                inner = (node.module or "").removeprefix("xinlin.office.queries").removeprefix(".")
                for name in node.names:
                    names[name.asname or name.name] = (inner, name.name) if inner else (name.name, "")
        for word in _words(tree):
            head, _, tail = word.partition(".")
            if head in names:
                called.add((names[head][0], tail or names[head][1]))
    return called


def test_no_face_calls_what_leaves_the_look_to_others() -> None:
    left_open = {function for function, why in EXCUSED.items() if why in ("inner", "system")}
    assert not sorted(left_open & _called_from_faces())


def test_what_is_ones_own_is_asked_for_by_the_person_alone() -> None:
    """Every query that is excused as one's own finds the person by `own_subject`, which refuses everybody else."""
    for function, why in EXCUSED.items():
        if why == "own":
            assert "own_subject" in _reach(function), function


def test_the_excuses_are_known_ones() -> None:
    assert set(EXCUSED.values()) <= set(REASONS)


@pytest.mark.parametrize(
    ("function", "writes"),
    [(("records", "mine"), True), (("scores", "mine"), True), (("desks", "desk"), True), (("consents", "mine"), False)],
)
def test_the_walk_sees_through_calls(function: Function, writes: bool) -> None:
    assert _readers()[function] is writes


def test_the_tables_are_still_called_so() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (OFFICE / "models").glob("*.py"))
    assert all(f"class {name}(" in text for name in ABOUT_PEOPLE)

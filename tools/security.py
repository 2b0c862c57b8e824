"""Runs the tests that hold what the security page promises, and writes what passed for the page to show."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "src/xinlin/faces/public/security.json"
HOLDING: dict[str, dict[str, tuple[str, ...]]] = {
    "consent": {
        "tests/people/test_gate.py": (
            "test_nothing_is_to_be_had_without_a_consent_in_force",
            "test_every_mutant_of_the_gate_is_caught",
            "test_whoever_reads_or_writes_figures_asks_the_gate",
            "test_a_restored_backup_revives_nothing",
        ),
        "tests/scores/test_consent_races.py": (
            "test_records_frozen_under_a_consent_that_ended_give_no_figure_under_the_next",
            "test_a_scene_agreed_to_while_leaving_is_not_left_open",
        ),
        "tests/people/test_elsewhere.py": ("test_a_run_of_another_process_publishes_nobody_who_left_meanwhile",),
    },
    "looks": {
        "tests/people/test_every_read_is_a_look.py": (
            "test_every_query_about_people_writes_a_look_or_says_why_not",
            "test_no_face_calls_what_leaves_the_look_to_others",
        ),
        "tests/people/test_looks.py": (
            "test_a_neighbours_file_is_on_the_watchers_desk_and_the_person_is_told_if_it_was_improper",
            "test_a_department_that_opens_a_case_not_its_own_is_refused_and_seen",
        ),
    },
    "others": {
        "tests/identity/test_objects.py": (),
        "tests/identity/test_gates.py": (
            "test_every_page_of_portal_and_bench_stands_behind_a_gate",
            "test_a_role_passes_only_its_own_gates",
            "test_strangers_are_sent_to_sign_in_and_nothing_is_kept_by_caches",
        ),
    },
    "sign_in": {
        "tests/identity/test_sign_in.py": (
            "test_a_password_alone_is_too_weak",
            "test_a_verification_of_some_time_ago_is_too_old",
            "test_a_callback_that_this_browser_did_not_start_is_refused",
            "test_the_session_key_changes_on_signing_in_and_dies_on_signing_out",
        ),
    },
    "at_rest": {
        "tests/intake/test_vault.py": (
            "test_an_id_number_does_not_stand_on_disk",
            "test_a_changed_or_cut_file_does_not_open",
        ),
    },
    "never_stored": {"tests/rulebooks/test_refusals.py": ()},
    "seven_parts": {
        "tests/checks/test_seven_parts.py": (
            "test_of_all_generated_measures_that_lack_a_part_none_gets_in",
            "test_of_as_many_entries_that_lack_a_part_none_gets_in",
            "test_a_part_that_lapses_ends_the_measure_at_once_and_the_office_is_told",
        ),
        "tests/gates/test_relations.py": (
            "test_no_relation_leads_from_a_check_to_a_score",
            "test_no_check_or_list_speaks_of_scores",
        ),
    },
    "log": {
        "tests/log/test_outside.py": (
            "test_go_accepts_what_we_sign_and_prove_and_nothing_else",
            "test_tlog_scales_accepts_log_witness_and_proofs",
        ),
        "tests/log/test_coverage.py": (),
    },
    "files": {"tests/intake/test_hostile.py": ()},
    "kiosk": {
        "tests/people/test_kiosk.py": (
            "test_after_a_minute_the_server_has_forgotten_whatever_the_screen_does",
            "test_the_end_leaves_nothing_behind",
        ),
        "tests/browser/test_kiosk.py": (),
    },
}
"""Promise -> file -> its tests; none named means every test of the file."""


@cache
def _functions(file: str) -> dict[str, str]:
    """Test -> digest of its text, for every test of a file."""
    text = (ROOT / file).read_text(encoding="utf-8")
    found = [
        node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return {
        node.name: hashlib.sha256((ast.get_source_segment(text, node) or "").encode()).hexdigest()[:16]
        for node in found
    }


def chosen() -> dict[str, dict[str, str]]:
    """Promise -> test (``file::name``) -> digest of its text as it stands now. Raises KeyError for a test that is not there."""
    return {
        promise: {
            f"{file}::{name}": _functions(file)[name]
            for file, names in files.items()
            for name in names or _functions(file)
        }
        for promise, files in HOLDING.items()
    }


def main() -> int:
    """Run them all; only where every one passed is the page's file written. The exit code."""
    tests = chosen()
    wanted = sorted({test for of in tests.values() for test in of})
    # a browser keeps an event loop in its process, beside which no PDF can be signed
    rounds = ([test for test in wanted if ("/browser/" in test) == browser] for browser in (False, True))
    codes = [subprocess.run([sys.executable, "-m", "pytest", "-q", *part], cwd=ROOT).returncode for part in rounds]
    if any(codes):
        print(f"not every promise holds: {RESULTS.name} stays as it was")
        return 1
    from xinlin import __version__

    about = {"passed_on": datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat(), "version": __version__}
    RESULTS.write_text(json.dumps({"about": about, **tests}, indent=1) + "\n", encoding="utf-8")
    print(f"{len(wanted)} tests hold {len(tests)} promises: {RESULTS.relative_to(ROOT)} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Yes, no, unsure: only an exact identifier answers, and a name alone never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.conftest import resident_id, uscc
from tests.checks.test_lists import BIDDING, ENTRY, RULEBOOK, TRADING
from xinlin.core.checks import Applicant, Judgement, Known, judge, read
from xinlin.core.lists import document_identity, measures_of_item

DAY = date(2026, 6, 1)
MEASURES = measures_of_item(RULEBOOK, BIDDING, TRADING, DAY)
FIRM = uscc(7)


def judged(applicant: Applicant, known: Known | None) -> Judgement:
    return judge(read(applicant, RULEBOOK.approval_items[BIDDING]), known, RULEBOOK, MEASURES, DAY)


def codes(judgement: Judgement) -> list[str]:
    return [reason.code for reason in judgement.reasons]


def test_the_same_identifier_and_name_on_a_list_is_yes_with_the_values_that_met() -> None:
    found = judged(Applicant(FIRM, "示例建设有限公司"), Known("示例建设有限公司", [ENTRY]))
    assert (found.verdict, codes(found)) == ("yes", ["identifier_met", "name_met"])
    assert [hit.entry for hit in found.hits] == [ENTRY]
    assert [m.measure.code for m in found.hits[0].measures] == ["wage_no_bidding"]


@pytest.mark.parametrize(
    "written",
    ["示例（洞头）建设有限公司", "示例(洞头)建设有限公司", "示例〔洞头〕建设 有限公司", "　示例（洞头）建设有限公司 "],
)
def test_brackets_width_and_spaces_do_not_make_another_name(written: str) -> None:
    assert judged(Applicant(FIRM, written), Known("示例（洞头）建设有限公司", [ENTRY])).verdict == "yes"


def test_full_width_and_lower_case_identifiers_are_the_same_identifier() -> None:
    item = RULEBOOK.approval_items[BIDDING]
    wide = "".join(chr(ord(c) + 0xFEE0) for c in FIRM)
    assert read(Applicant(f" {FIRM.lower()} "), item).identifier == FIRM == read(Applicant(wide), item).identifier


def test_a_known_identifier_under_another_name_is_a_question_for_a_person_never_a_hit() -> None:
    found = judged(Applicant(FIRM, "另一家建设有限公司"), Known("示例建设有限公司", [ENTRY]))
    assert (found.verdict, codes(found), found.hits) == ("unsure", ["name_differs"], [])
    assert "示例建设" not in repr(found.reasons), "the registered name is not told to whoever guesses identifiers"


def test_a_name_without_identifier_is_never_a_hit() -> None:
    found = judged(Applicant("", "示例建设有限公司"), Known("示例建设有限公司", [ENTRY]))
    assert (found.verdict, codes(found), found.hits) == ("unsure", ["identifier_missing"], [])


@pytest.mark.parametrize("wrong", ["33030519900517", "91330305MA0000007Z", "林小满", "1.10105E+17", "0" * 18])
def test_an_invalid_identifier_is_unsure_and_says_what_is_wrong(wrong: str) -> None:
    found = judged(Applicant(wrong, "林小满"), None)
    assert found.verdict == "unsure"
    assert found.reasons[0].where == "identifier"
    assert found.reasons[0].cure.zh
    assert found.reasons[0].cure.en


def test_an_applicant_of_a_kind_that_the_item_does_not_concern_is_not_looked_up() -> None:
    question = read(Applicant(resident_id(5), "林小满"), RULEBOOK.approval_items["construction_permit"])
    assert question.identifier == ""
    assert question.problem is not None
    assert question.problem.code == "wrong_kind_of_subject"


def test_an_identifier_that_nobody_registered_is_no() -> None:
    found = judged(Applicant(FIRM, "示例建设有限公司"), None)
    assert (found.verdict, codes(found)) == ("no", ["not_listed"])


def test_a_disputed_entry_counts_nothing_and_does_not_show() -> None:
    known = Known("示例建设有限公司", [replace(ENTRY, status="disputed")])
    found = judged(Applicant(FIRM, "示例建设有限公司"), known)
    assert (found.verdict, found.hits) == ("no", [])
    assert found == judged(Applicant(FIRM, "示例建设有限公司"), Known("示例建设有限公司"))


def test_a_missing_name_is_said_so() -> None:
    found = judged(Applicant(FIRM), Known("示例建设有限公司", [ENTRY]))
    assert (found.verdict, codes(found)) == ("yes", ["identifier_met", "name_not_compared"])


def test_two_entries_are_two_hits_in_a_fixed_order() -> None:
    debtor = replace(ENTRY, list_code="dishonest_judgment_debtor", reference="0001")
    one = judged(Applicant(FIRM), Known("", [ENTRY, debtor]))
    other = judged(Applicant(FIRM), Known("", [debtor, ENTRY]))
    assert one.hits == other.hits
    assert [hit.entry.list_code for hit in one.hits] == ["dishonest_judgment_debtor", "wage_arrears"]


@given(st.text(max_size=30), st.text(max_size=30))
def test_law_whatever_is_written_there_is_an_answer_with_reasons_and_hits_only_for_yes(
    identifier: str, name: str
) -> None:
    found = judged(Applicant(identifier, name), Known("示例建设有限公司", [ENTRY]))
    assert found.verdict in ("yes", "no", "unsure")
    assert found.reasons
    assert bool(found.hits) is (found.verdict == "yes")


@given(st.text(min_size=1, max_size=30))
def test_law_a_name_alone_never_hits(name: str) -> None:
    assert judged(Applicant("", name), Known(name, [ENTRY])).verdict == "unsure"


def test_one_decision_that_arrives_twice_is_one_hit_until_the_earlier_end() -> None:
    written = replace(ENTRY, reference="b", document="（2026） 浙0305 执1号", ends_on=date(2027, 1, 1))
    again = replace(ENTRY, reference="c", document="〔2026〕浙０３０５执１号", ends_on=date(2026, 9, 1))
    known = Known("示例建设有限公司", [written, again])
    found = judged(Applicant(FIRM, "示例建设有限公司"), known)
    assert [hit.entry.reference for hit in found.hits] == ["c"]


def test_two_decisions_are_two_hits() -> None:
    other = replace(ENTRY, reference="b", document=ENTRY.document + "之二")
    found = judged(Applicant(FIRM, "示例建设有限公司"), Known("示例建设有限公司", [ENTRY, other]))
    assert len(found.hits) == 2


def test_an_objection_to_one_copy_of_a_decision_suspends_every_copy() -> None:
    copy = replace(ENTRY, reference="b", status="disputed", ends_on=date(2026, 7, 1))
    found = judged(Applicant(FIRM, "示例建设有限公司"), Known("示例建设有限公司", [ENTRY, copy]))
    assert (found.verdict, found.hits) == ("no", [])
    other = replace(copy, document=ENTRY.document + "之二")
    found = judged(Applicant(FIRM, "示例建设有限公司"), Known("示例建设有限公司", [ENTRY, other]))
    assert [hit.entry for hit in found.hits] == [ENTRY], "another decision stands for itself"


@given(st.text(alphabet="浙执罚决字第号（）〔〕()[]０１２0123- 　ABab", max_size=40))
def test_law_a_documents_identity_does_not_depend_on_how_it_is_typed(text: str) -> None:
    typed = f" {text} ".replace("（", "(").replace("〕", "]").replace("１", "1").replace("A", "a")
    assert document_identity(text) == document_identity(typed)
    assert document_identity(document_identity(text)) == document_identity(text)

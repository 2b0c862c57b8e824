"""A city narrows a national row of the catalogue and never loosens it: planted breaches; what the linter refuses of a row."""

from __future__ import annotations

import pytest

from tests.rulebooks import example
from xinlin import shelf
from xinlin.core import lint
from xinlin.core.loading import RulebookRefused, load

PARENT = shelf.open_folder(shelf.ROOT, "national")
NATIONAL = (shelf.ROOT / "national/kinds/administrative_penalty.yaml").read_text(encoding="utf-8")
PLACE = "kinds/administrative_penalty.yaml"


def refusals(text: str, path: str = PLACE, **more: str) -> list[str]:
    """Codes of what is wrong with the example city once it holds this file."""
    texts = {**example.texts(), path: text, **more}
    try:
        loaded = load("example", texts, PARENT)
    except RulebookRefused as refused:
        return [problem.code for problem in refused.problems]
    return [problem.code for problem in lint.findings(loaded.rulebook, loaded.places)]


def test_a_city_may_restate_a_national_row_and_narrow_it() -> None:
    assert refusals(NATIONAL) == []
    narrower = NATIONAL.replace("openness: public", "openness: government").replace("retention: P3Y", "retention: P1Y")
    assert refusals(narrower) == []
    stricter = narrower.replace(
        "- {code: content, label: {zh: 处罚内容, en: Content}, type: text,",
        "- {code: content, label: {zh: 处罚内容, en: Content}, type: text, required: true,",
    )
    assert stricter != narrower
    assert refusals(stricter) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("retention: P3Y", "retention: P4Y"),
        ("update_interval: P7D", "update_interval: P1M"),
        ("subject_kinds: [enterprise, institution, social_organisation]", "subject_kinds: [enterprise, government_body]"),
        ("sign: negative", "sign: neutral"),
        ("type: text, required: true, role: document, max_length: 128", "type: text, required: true, role: document, max_length: 500"),
        ("type: text, required: true, role: document", "type: text, role: document"),
        ("type: uscc, required: true, role: subject", "type: identifier, personal: true, required: true, role: subject"),
        ("      other: {zh: 其他行政处罚, en: Other}\n", "      other: {zh: 其他行政处罚, en: Other}\n      scolding: {zh: 训诫, en: Scolding}\n"),
        ("minimum: 0, aliases: [罚款金额", "aliases: [罚款金额"),
        ("  - {code: remarks, label: {zh: 备注, en: Remarks}, type: text, max_length: 512, aliases: [BZ]}\n", ""),
    ],
)  # fmt: skip
def test_a_city_cannot_loosen_a_national_row(old: str, new: str) -> None:
    assert old in NATIONAL
    assert "loosened" in refusals(NATIONAL.replace(old, new))


def test_openness_cannot_be_widened() -> None:
    debtor = (shelf.ROOT / "national/kinds/dishonest_judgment_debtor.yaml").read_text(encoding="utf-8")
    path = "kinds/dishonest_judgment_debtor.yaml"
    assert refusals(debtor, path) == []
    assert "loosened" in refusals(debtor.replace("openness: government", "openness: public"), path)


def test_a_province_stands_between_the_nation_and_its_cities() -> None:
    assert shelf.open_folder(shelf.ROOT, "guizhou").rulebook.level == "province"
    texts = {**example.texts(), PLACE: NATIONAL.replace("retention: P3Y", "retention: P1Y")}
    texts["rulebook.yaml"] = texts["rulebook.yaml"].replace("level: city", "level: province")
    province = load("example", texts, PARENT)
    assert province.rulebook.kind_levels["administrative_penalty"] == "national"
    assert province.rulebook.kind_levels["bench_damage"] == "province"
    city = {
        "rulebook.yaml": "code: town\nname: {zh: 镇, en: Town}\nlevel: city\nextends: example\n",
        PLACE: NATIONAL.replace("retention: P3Y", "retention: P2Y"),
    }
    with pytest.raises(RulebookRefused) as refused:
        load("town", city, province)
    assert {problem.code for problem in refused.value.problems} == {"loosened"}


BENCH = example.texts()["kinds/bench_damage.yaml"]
GOOD = example.texts()["kinds/park_volunteering.yaml"]


@pytest.mark.parametrize(
    ("text", "old", "new", "code"),
    [
        (GOOD, "label: {zh: 时长, en: Hours}", "label: {zh: 银行存款, en: Hours}", "forbidden_without_consent"),
        (GOOD, "label: {zh: 时长, en: Hours}", "label: {zh: 纳税数额, en: Hours}", "forbidden_without_consent"),
        (GOOD, "label: {zh: 时长, en: Hours}", "label: {zh: 欠税次数, en: Hours}", ""),
        (BENCH, "{zh: 损坏公共座椅, en: Damage to a public bench}", "{zh: 当场处罚, en: Damage}", "forbidden_petty"),
        (BENCH, "{zh: 损坏公共座椅, en: Damage to a public bench}", "{zh: 拖欠物业费, en: Arrears}", "forbidden_unconfirmed"),
        (BENCH, "{zh: 决定书文号, en: Decision}", "{zh: 行政处罚决定书文号, en: Decision}", "penalty_procedure"),
        (BENCH, "{zh: 决定书文号, en: Decision}", "{zh: 行政处罚决定书文号, en: Decision}", "penalty_finality"),
        (BENCH, "sign: negative", "sign: negative\nsource: public_web", "negative_from_the_web"),
        (GOOD, "{zh: 公园志愿服务, en: Volunteering in parks}", "{zh: 行政处罚, en: Penalty}", "repeats_national"),
        (GOOD, "label: {zh: 时长, en: Hours}", "label: {zh: 血型, en: Hours}", "forbidden_data"),
        (GOOD, "refusable: true", "refusable: true\nedition: none_such", "reference"),
        (GOOD, "refusable: true", "refusable: true\nidentity: [nothing]", "reference"),
        (GOOD, "refusable: true", "refusable: true\nrules: [{in_order: [occurred_on, ends]}]", "reference"),
        (GOOD, "refusable: true", "refusable: true\nrules: [{in_order: [occurred_on, hours], required: [hours]}]", "rule"),
        (GOOD, "refusable: true", "refusable: true\nassertions: [{measure: filled, minimum: 50}]", "rule"),
    ],
)  # fmt: skip
def test_the_linter_refuses_what_the_law_refuses(text: str, old: str, new: str, code: str) -> None:
    path = "kinds/bench_damage.yaml" if text is BENCH else "kinds/park_volunteering.yaml"
    assert old in text
    found = refusals(text.replace(old, new), path)
    assert code in found if code else found == []


EDITION = """
local_2026:
  name: {zh: 示例市补充目录（2026年版）, en: "Supplement of Example City, 2026"}
  effective_from: "2026-01-01"
  effective_to: "2027-01-01"
  basis:
    - {source: example_regulation, article: 第十条}
"""


def test_a_local_edition_was_put_to_the_public_before() -> None:
    cited = BENCH.replace("basis:\n", "edition: local_2026\nbasis:\n")
    more = {"editions.yaml": EDITION}
    assert refusals(cited, "kinds/bench_damage.yaml", **more) == ["not_consulted"]
    asked = EDITION.replace("  basis:", '  consulted_from: "2025-09-01"\n  basis:')
    assert refusals(cited, "kinds/bench_damage.yaml", **{"editions.yaml": asked}) == []


def test_a_row_is_active_within_its_edition_only() -> None:
    from datetime import date

    dated = GOOD.replace("refusable: true", 'refusable: true\nedition: local_2026\neffective_from: "2026-03-01"')
    texts = {**example.texts(), "kinds/park_volunteering.yaml": dated, "editions.yaml": EDITION}
    book = load("example", texts, PARENT).rulebook
    kind = book.kinds["park_volunteering"]
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 12, 31), date(2027, 1, 1)]
    assert [book.in_force(kind, day) for day in days] == [False, True, True, False]


OFFICE = "transport: {delivers: [%s], name: {zh: 交通运输局, en: Transport}, basis: demonstration}\n"


def test_a_city_s_own_office_delivers_a_national_kind_too() -> None:
    texts = {**example.texts()}
    texts["departments.yaml"] += OFFICE % "administrative_penalty"
    loaded = load("example", texts, PARENT).rulebook
    assert "transport" in loaded.kinds["administrative_penalty"].providers
    assert "transport" not in PARENT.rulebook.kinds["administrative_penalty"].providers


@pytest.mark.parametrize("kind", ["dishonest_judgment_debtor", "nothing_such"])
def test_no_office_delivers_what_a_list_s_own_authority_sends_or_what_there_is_not(kind: str) -> None:
    departments = example.texts()["departments.yaml"] + OFFICE % kind
    assert {"delivers", "reference"} & set(refusals(departments, "departments.yaml"))


def test_a_connection_belongs_to_an_office_and_brings_what_that_office_provides() -> None:
    row = "grid: {name: {zh: 网格, en: Grid}, department: %s, delivers: [%s], basis: demonstration}\n"
    assert refusals(row % ("market_regulation", "administrative_penalty"), "connections.yaml") == []
    for department, kind in (("nobody", "administrative_penalty"), ("court", "administrative_penalty")):
        assert refusals(row % (department, kind), "connections.yaml") != []

"""Planted errors: each is refused with its file, its line, its key, what is wrong and a cure, in both languages."""

# ruff: noqa: E501  # one planted error a line reads best
from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.rulebooks import example

KIND = "kinds/bench_damage.yaml"
GOOD = "kinds/park_volunteering.yaml"
SCHEME = "schemes/sincerity-1.yaml"
CASES = "cases/parks.yaml"


@dataclass(frozen=True)
class Planted:
    """An error planted by replacing ``old`` with ``new``; the problem is expected on the line that holds ``mark``."""

    file: str
    old: str
    new: str
    code: str
    key: str
    mark: str
    cure: str = ""


PLANTED = {
    # the YAML itself
    "duplicate key": Planted(KIND, "sign: negative\n", "sign: negative\nsign: positive\n", "duplicate_key", "sign", "sign: positive", "remove"),
    "duplicate entry": Planted("scenes.yaml", "shops:\n", "shops: {}\nshops:\n", "duplicate_key", "shops", "shops:\n  name", "remove"),
    "unquoted date": Planted(SCHEME, 'effective_from: "2026-01-01"', "effective_from: 2026-01-01", "unquoted_date", "effective_from", "effective_from", '"2026-01-01"'),
    "unquoted date deep down": Planted(CASES, 'occurred_on: "2026-05-01"', "occurred_on: 2026-05-01", "unquoted_date", "records[1].occurred_on", "2026-05-01", "2026-05-01"),
    "yes": Planted(GOOD, "refusable: true", "refusable: yes", "boolean_word", "refusable", "refusable", "true or false"),
    "Off": Planted(GOOD, "refusable: true", "refusable: Off", "boolean_word", "refusable", "refusable", "true or false"),
    "TRUE": Planted(GOOD, "refusable: true", "refusable: TRUE", "boolean_word", "refusable", "refusable", "true or false"),
    "yes as a key": Planted(KIND, "minor: {zh: 轻微, en: Minor}", "no: {zh: 轻微, en: Minor}", "key", "codes.no", "no: {zh", "quote"),
    "octal": Planted(SCHEME, "base: 100", "base: 0100", "number", "base", "base:", "40, not 040"),
    "hexadecimal": Planted(SCHEME, "base: 100", "base: 0x64", "number", "base", "base:", "integers"),
    "decimal": Planted(SCHEME, "base: 100", "base: 100.5", "number", "base", "base:", "integers"),
    "exponent": Planted(SCHEME, "base: 100", "base: 1e2", "number", "base", "base:", "integers"),
    "number with underscores": Planted(SCHEME, "base: 100", "base: 1_00", "number", "base", "base:", "integers"),
    "time of day read as a number": Planted("notice.yaml", "contact: 000-0000", "contact: 12:30", "number", "contact", "contact", "integers"),
    "not a number": Planted(SCHEME, "base: 100", "base: .nan", "number", "base", "base:", "integers"),
    "empty value": Planted(SCHEME, "base: 100", "base:", "empty_value", "base", "base:", "give a value"),
    "null": Planted(SCHEME, "base: 100", "base: null", "empty_value", "base", "base:", "give a value"),
    "anchor": Planted(GOOD, "providers: [parks_office]", "providers: &a [parks_office]\nother: *a", "alias", "other", "providers", "write the content"),
    "tag": Planted(GOOD, "refusable: true", "refusable: !!python/name:os.system x", "tag", "refusable", "refusable", "remove the tag"),
    "merge key": Planted(GOOD, "refusable: true", "<<: {refusable: true}", "key", "(whole file)", "<<", "write the content"),
    "two documents": Planted(GOOD, "basis: demonstration\n", "basis: demonstration\n---\nmore: text\n", "one_document", "", "name:", "split"),
    "tab": Planted(GOOD, "  - {code: led", "\t- {code: led", "yaml", "", "\t- {code: led", "spaces"),
    "open bracket": Planted(GOOD, "providers: [parks_office]", "providers: [parks_office", "yaml", "", "subject_kinds", "brackets"),
    "list for a file": Planted("departments.yaml", "parks_office:", "- parks_office:", "mapping", "", "- parks_office", "outermost"),
    # the types
    "unknown key": Planted(KIND, "openness:", "opennes:", "unknown_key", "opennes", "opennes", "did you mean openness"),
    "unknown key deep down": Planted(SCHEME, "terms: {minor", "tems: {minor", "unknown_key", "indicators[0].tems", "tems", "did you mean term"),
    "unknown key in a text": Planted(KIND, "{zh: 损坏公共座椅, en: Damage", "{zh: 损坏公共座椅, fr: Banc, en: Damage", "unknown_key", "name.fr", "fr: Banc", "en, zh"),
    "unknown key in a condition": Planted(SCHEME, "{field: hours, at_least: 1}", "{field: hours, at_lest: 1, exists: true}", "unknown_key", "where.all[0].at_lest", "at_lest", "at_least"),
    "conditions joined by another word": Planted(SCHEME, "where: {all: [", "where: {and: [", "unknown_key", "where.and", "and", "did you mean all"),
    "missing key": Planted(KIND, "openness: subject_only\n", "", "missing_key", "openness", "name: {zh: 损坏公共座椅", "add openness"),
    "missing English": Planted(KIND, "{zh: 损坏公共座椅, en: Damage to a public bench}", "{zh: 损坏公共座椅}", "missing_key", "name.en", "name:", "add en"),
    "missing basis": Planted("clocks.yaml", ", basis: [{source: example_regulation, article: 第二十条}]", "", "missing_key", "objection.basis", "objection", "add basis"),
    "basis of another word": Planted(GOOD, "basis: demonstration", "basis: invented", "choice", "basis", "basis", "demonstration"),
    "empty basis": Planted(GOOD, "basis: demonstration", "basis: []", "value", "basis", "basis", "at least one"),
    "citation without article": Planted(KIND, ", article: 第十二条}", "}", "missing_key", "basis[0].article", "source: example_regulation", "add article"),
    "wrong choice": Planted(KIND, "openness: subject_only", "openness: secret", "choice", "openness", "openness", "subject_only"),
    "text for a number": Planted(SCHEME, "base: 100", 'base: "100"', "value", "base", "base", "write 100, without quotes"),
    "number for a text": Planted(SCHEME, 'version: "1"', "version: 1", "value", "version", "version", 'in quotes: "1"'),
    "text for a truth": Planted(GOOD, "refusable: true", 'refusable: "true"', "value", "refusable", "refusable", "true or false, without"),
    "list for a text": Planted(GOOD, "retention: P3Y", "retention: [P3Y]", "value", "retention", "retention", "write a text"),
    "no such date": Planted(SCHEME, 'effective_from: "2026-01-01"', 'effective_from: "2026-02-30"', "value", "effective_from", "effective_from", 'such as "2026-03-01"'),
    "a bare text for a bilingual one": Planted(GOOD, "name: {zh: 公园志愿服务, en: Volunteering in parks}", "name: 公园志愿服务", "value", "name", "name:", "en, zh"),
    "code given twice over": Planted("scenes.yaml", "shops:\n", "shops:\n  code: shops\n", "unknown_key", "shops.code", "code: shops", "remove"),
    "bad code": Planted("scenes.yaml", "shops:\n", "Shops-1:\n", "code", "Shops-1", "Shops-1", "lower-case"),
    # the scheme language
    "two forms of points": Planted(SCHEME, "points: {table: {", "points: {each: {points: 1}, table: {", "rule", "points", "points: {each", "each, bands"),
    "no form of points": Planted(SCHEME, "points: {table: {minor: -5, general: -10, serious: -20}}", "points: {}", "rule", "points", "points: {}", "each, bands"),
    "bands not rising": Planted(SCHEME, "points: {steps: [{up_to: 10, per: 1, points: 1}, {per: 2, points: 1}]}", "points: {bands: [{at_least: 10, points: 1}, {at_least: 10, points: 2}]}", "rule", "points", "bands", "greater"),
    "open step before the last": Planted(SCHEME, "{up_to: 10, per: 1, points: 1}", "{per: 1, points: 1}", "rule", "points", "steps", "up_to"),
    "step per nothing": Planted(SCHEME, "{per: 2, points: 1}", "{per: 0, points: 1}", "value", "points.steps[1].per", "steps", "1 or more"),
    "sum of nothing": Planted(SCHEME, "{take: sum, of: hours, over: calendar_year}", "{take: sum, over: calendar_year}", "rule", "measure", "take: sum", "add of"),
    "count of a field": Planted(SCHEME, "{take: sum, of: hours, over: calendar_year}", "{take: count, of: hours, over: calendar_year}", "rule", "measure", "take: count", "remove of"),
    "term and terms": Planted(SCHEME, "through: legal", "term: P1Y\n        through: legal", "rule", "indicators[0]", "- code: bench_damage", "keep one"),
    "all of nothing": Planted(SCHEME, "where: {all: [{field: hours, at_least: 1}, {not: {field: led, equals: true}}]}", "where: {all: []}", "value", "where", "all: []", "at least"),
    "cap below nothing": Planted(SCHEME, "per_year: {cap: 20}", "per_year: {cap: -20}", "limit_side", "per_year.cap", "cap: -20", "0 or more for cap"),
    "floor above nothing": Planted(SCHEME, "per_year: {cap: 20}", "overall: {floor: 5}", "limit_side", "overall.floor", "floor: 5", "0 or less for floor"),
    "test that nothing meets": Planted(SCHEME, "{field: hours, at_least: 1}", "{field: hours, at_least: 5, below: 5}", "condition_empty", "where.all[0]", "below: 5", "greater"),
    "yearly limit over all": Planted(SCHEME, "of: hours, over: calendar_year}", "of: hours}", "rule", "indicators[1]", "- code: park_volunteering", "calendar_year"),
    "floor above cap": Planted(SCHEME, "{cap: 40, floor: -50}", "{cap: 40, floor: 50}", "rule", "dimensions[0].limits", "floor: 50", "swap"),
    "field test of nothing": Planted(SCHEME, "{field: hours, at_least: 1}", "{field: hours}", "rule", "where.all[0]", "{field: hours}", "equals"),
    "field test of two": Planted(SCHEME, "{field: hours, at_least: 1}", "{field: hours, at_least: 1, equals: 2}", "rule", "where.all[0]", "equals: 2", "join"),
    "a text for a list": Planted(KIND, "providers: [parks_office]", "providers: parks_office", "value", "providers", "providers", "write [parks_office]"),
    "a number for points": Planted(SCHEME, "points: {steps: [{up_to: 10, per: 1, points: 1}, {per: 2, points: 1}]}", "points: 3", "value", "indicators[1].points", "points: 3", "bands, each, steps, table"),
    "a source for a citation": Planted(KIND, "basis:\n  - {source: example_regulation, article: 第十二条}", "basis: example_regulation", "choice", "basis", "basis", "[{source: …, article: …}]"),
    "a word for a number or a day": Planted(SCHEME, "{field: hours, at_least: 1}", "{field: hours, at_least: many}", "value", "where.all[0].at_least", "at_least: many", "a whole number such as 5; or"),
    "a test beside all": Planted(SCHEME, "where: {all: [", "where: {field: hours, all: [", "unknown_key", "where.field", "where: {field", "keep one form"),
    "an integer of many digits": Planted(SCHEME, "base: 100", "base: 1000000000000000000000", "number", "base", "base:", "at most 18 digits"),
    "scale upside down": Planted(SCHEME, "{minimum: 0, maximum: 200}", "{minimum: 200, maximum: 0}", "rule", "scale", "scale:", "swap"),
    "a wide colon": Planted(SCHEME, "base: 100", "base：100", "yaml", "", "scale:", "plain colon"),
    "an empty file": Planted(GOOD, example.texts()[GOOD], "# nothing yet\n", "one_document", "", "# nothing", "write its content"),
    # names that point nowhere
    "no such source": Planted(KIND, "source: example_regulation", "source: lost_regulation", "reference", "basis[0].source", "lost_regulation", "add it first"),
    "no such provider": Planted(KIND, "[parks_office]", "[zoo_office]", "reference", "providers[0]", "zoo_office", "parks_office"),
    "no such kind": Planted(SCHEME, "kind: park_volunteering", "kind: zoo_volunteering", "reference", "indicators[1].kind", "kind: zoo", "park_volunteering"),
    "no such field": Planted(SCHEME, "of: hours", "of: days", "reference", "measure.of", "of: days", "hours"),
    "no such field in a condition": Planted(SCHEME, "{field: hours, at_least: 1}", "{field: days, at_least: 1}", "reference", "where.all[0].field", "field: days", "hours"),
    "no such class": Planted(SCHEME, "{minor: -5, general: -10, serious: -20}", "{minor: -5, general: -10, serious: -20, grave: -30}", "reference", "points.table.grave", "grave", "serious"),
    "class without points": Planted(SCHEME, "{minor: -5, general: -10, serious: -20}", "{minor: -5, general: -10}", "table_gap", "points.table", "points: {table", "0 where it shall not count"),
    "class without term": Planted(SCHEME, "{minor: P3M, general: P1Y, serious: P3Y}", "{minor: P3M, general: P1Y}", "terms", "terms", "terms:", "each class"),
    "no such department": Planted("approval_items.yaml", "department: parks_office", "department: zoo_office", "reference", "park_event.department", "zoo_office", "parks_office"),
    "no such list": Planted("measures.yaml", "statutory_list: dishonest_judgment_debtor", "statutory_list: grey_list", "reference", "statutory_list", "grey_list", "wage_arrears"),
    "no such item": Planted("measures.yaml", "items: [park_event]", "items: [zoo_event]", "reference", "items[0]", "zoo_event", "park_event"),
    "item of another department": Planted("measures.yaml", "departments: [parks_office]", "departments: [tax]", "measure_department", "items[0]", "items:", "add that department"),
    "no such merchant": Planted("offers.yaml", "merchant: sample_books", "merchant: lost_books", "reference", "merchant", "lost_books", "sample_books"),
    "no such scene": Planted("offers.yaml", "scene: shops", "scene: markets", "reference", "scene", "markets", "shops"),
    "no such tier or mark": Planted("offers.yaml", "opens_at: green_code", "opens_at: red_code", "reference", "opens_at", "red_code", "green_code"),
    "no such scheme": Planted(CASES, 'version: "1"', 'version: "2"', "reference", "cases[0].scheme", "- name", "sincerity-1"),
    "no such tier in a case": Planted(CASES, "expect_tier: good\n    expect_dim", "expect_tier: superb\n    expect_dim", "reference", "cases[1].expect_tier", "superb", "excellent"),
    "no such field in a case": Planted(CASES, "{hours: 14}", "{days: 14}", "reference", "records[1].fields.days", "days", "hours"),
    "firm's record without office": Planted(CASES, '    represents_from: "2025-01-01"\n', "", "case_organisation", "records[0].of", "of: organisation", "represents_from"),
    "no version in a file of cases": Planted(CASES, 'version: "1"\n', "", "missing_key", "version", "scheme:", "add version"),
    "unknown key in a file of cases": Planted(CASES, 'version: "1"\n', 'version: "1"\nnotes: one\n', "unknown_key", "notes", "notes: one", "cases, scheme, version"),
    "a number for a truth in a case": Planted(CASES, "{hours: 14}", "{hours: 14, led: 1}", "case_value", "cases[1].records[1].fields.led", "led: 1", "true or false"),
    "a number for a text in a case": Planted(CASES, "{hours: 14}", "{hours: 14, name: 1}", "case_value", "cases[1].records[1].fields.name", "name: 1", '"1"'),
    "no such day in a case": Planted(CASES, "{hours: 14}", '{hours: 14, occurred_on: "2026-02-30"}', "case_value", "cases[1].records[1].fields.occurred_on", "2026-02-30", "quoted date"),
    "an item that cannot be read, then a wrong one": Planted(CASES, "  - name: {zh: 轻微", "  -\n  - nam: {zh: 轻微", "unknown_key", "cases[1].nam", "nam:", "did you mean name"),
    # things that do not suit
    "override": Planted("departments.yaml", "parks_office:", "court:", "override", "court", "court:", "choose another code"),
    "bad term": Planted(GOOD, "retention: P3Y", "retention: 3 years", "term", "retention", "retention", "P2Y"),
    "bad term in an indicator": Planted(SCHEME, "term: P2Y", "term: P2W", "term", "indicators[1].term", "term: P2W", "P2Y"),
    "term of no day": Planted(SCHEME, "term: P2Y", "term: P0D", "term", "indicators[1].term", "term: P0D", "P2Y"),
    "kept shorter than it counts": Planted(GOOD, "retention: P3Y", "retention: P1Y", "retention", "indicators[1].term", "schemes", "lengthen"),
    "tiers not rising": Planted(SCHEME, "at_least: 120", "at_least: 90", "tiers", "tiers[2].at_least", "at_least: 90", "low to high"),
    "gap below the lowest tier": Planted(SCHEME, "en: Growing}, at_least: 0", "en: Growing}, at_least: 10", "tiers", "tiers[0].at_least", "at_least: 10", "at_least: 0"),
    "tier outside the scale": Planted(SCHEME, "at_least: 120", "at_least: 220", "scale", "tiers[2].at_least", "at_least: 220", "from 0 to 200"),
    "base outside the scale": Planted(SCHEME, "base: 100", "base: 300", "scale", "base", "base: 300", "from 0 to 200"),
    "base in the lowest tier": Planted(SCHEME, "base: 100", "base: 50", "cold_start", "base", "base: 50", "raise"),
    "plus on a negative indicator": Planted(SCHEME, "minor: -5,", "minor: 5,", "points_sign", "points.table.minor", "minor: 5,", "0 or less"),
    "sign against the kind": Planted(SCHEME, "sign: positive", "sign: negative", "sign", "indicators[1].sign", "sign: negative\n        where", "neutral"),
    "sum of a truth": Planted(SCHEME, "of: hours", "of: led", "measured_type", "measure.of", "of: led", "integer"),
    "sum without a minimum": Planted(GOOD, "minimum: 1, ", "", "measured_minimum", "measure.of", "schemes", "minimum: 0"),
    "condition on what scoring is not given": Planted(SCHEME, "kind: bench_damage\n", "kind: bench_damage\n        where: {field: authority, exists: true}\n", "unscored_field", "where.field", "field: authority", "use one of: class, document, occurred_on"),
    "measure of what scoring is not given": Planted(SCHEME, "{take: latest, of: class, over: record}", "{take: latest, of: notice_on, over: record}", "unscored_field", "measure.of", "of: notice_on", "use one of: class"),
    "identity as a ground of a class rule": Planted(SCHEME, "marks:\n", "class_rules:\n  - {kind: bench_damage, where: {field: responsible_id, exists: true}, tier_at_most: good, text: {zh: 一, en: one}, basis: demonstration}\nmarks:\n", "personal_factor", "class_rules[0].where.field", "responsible_id, exists", "another field"),
    "dimension that is a column already": Planted(SCHEME, "- code: parks", "- code: tier", "reserved_code", "dimensions[0].code", "- code: tier", "another code"),
    "field that is a column already": Planted(GOOD, "code: led,", "code: status,", "reserved_code", "fields[4].code", "code: status,", "give the field its role"),
    "comparison of another type": Planted(SCHEME, "{field: led, equals: true}", "{field: led, equals: 1}", "condition_value", "where.all[1].not", "equals: 1", "true, false"),
    "a day that is equal": Planted(SCHEME, "{field: led, equals: true}", '{field: occurred_on, equals: "2025-07-01"}', "condition_value", "where.all[1].not", "2025-07-01", "at_least and below"),
    "order of a truth": Planted(SCHEME, "{field: led, equals: true}", "{field: led, at_least: 1}", "condition_value", "where.all[1].not", "at_least: 1}", "compare"),
    "through without a named person": Planted(KIND, "  - {code: responsible_id, label: {zh: 责任人身份证号, en: Person named}, type: resident_id, role: named_person, personal: true}\n", "", "through", "indicators[0].through", "schemes", "named_person"),
    "through on persons only": Planted(SCHEME, "term: P2Y", "term: P2Y\n        through: legal_representative", "through", "indicators[1].through", "through: legal_representative\n        absent: {zh: 没有记录，不加分", "remove"),
    "header of two fields": Planted(KIND, "aliases: [姓名]", "aliases: [决定 机关]", "duplicate_header", "fields[4]", "code: authority", "one field"),
    "field twice": Planted(GOOD, "code: led,", "code: hours,", "duplicate_field", "fields[4].code", "en: Led", "rename"),
    "role twice": Planted(KIND, "type: text, required: true, role: article", "type: text, required: true, role: authority", "duplicate_role", "fields", "fields:", "one field"),
    "role of another type": Planted(KIND, "type: date, required: true, role: notice_on", "type: text, required: true, role: notice_on", "role_type", "fields[6].type", "notice_on", "date"),
    "no subject": Planted(GOOD, "required: true, role: subject, personal", "required: true, personal", "missing_role", "fields", "fields:", "role: subject"),
    "subject of another type": Planted(KIND, "type: identifier", "type: resident_id", "subject_type", "fields[0].type", "type: resident_id, required", "identifier"),
    "subject not required": Planted(GOOD, "type: resident_id, required: true,", "type: resident_id,", "subject_required", "fields[0]", "code: resident_id", "required: true"),
    "identity not personal": Planted(GOOD, "role: subject, personal: true", "role: subject", "personal", "fields[0].type", "code: resident_id", "personal: true"),
    "code without codes": Planted(GOOD, "type: boolean", "type: code", "codes", "fields[4].type", "code: led", "give the other"),
    "list entry without list": Planted(KIND, "sign: negative", "effect: list_entry\nsign: negative", "list_entry", "effect", "effect", "both"),
    "bounds of a text": Planted(GOOD, "role: subject_name,", "role: subject_name, minimum: 1,", "bounds", "fields[1].minimum", "minimum: 1, personal", "integer"),
    "offer that ends before it begins": Planted("offers.yaml", '"2026-12-31"', '"2025-12-31"', "dates", "valid_until", "2025-12-31", "later"),
    "merchant without offers": Planted("offers.yaml", "merchant: sample_books", "merchant: other_books", "unlinked_merchant", "sample_books", "merchants", "add an offer"),
    "clock without a unit": Planted("clocks.yaml", " working_days: 5,", "", "clock", "objection", "objection", "working_days"),
    "citation before its source": Planted(KIND, "{source: example_regulation, article: 第十二条}", '{source: example_regulation, article: 第十二条, effective_from: "2020-01-01"}', "effective_dates", "effective_from", "2020-01-01", "on or after"),
    "citation never in force": Planted(KIND, "{source: example_regulation, article: 第十二条}", '{source: example_regulation, article: 第十二条, effective_to: "2024-01-01"}', "effective_dates", "basis[0]", "2024-01-01", "correct"),
    "source out of force": Planted("sources.yaml", 'effective_from: "2025-01-01"', 'effective_to: "2025-12-31"', "effective_dates", "indicators[0].basis[0]", "schemes", "in force"),
    "division of five digits": Planted("rulebook.yaml", '"330305"', '"33030"', "division", "divisions[0]", "33030", "330305"),
    "file name against version": Planted(SCHEME, 'version: "1"', 'version: "2"', "file_name", "", "code: sincerity", "rename"),
    "folder name against code": Planted("rulebook.yaml", "code: example", "code: sample", "code", "", "code: sample", "equal"),
    # what the law refuses
    "religion": Planted(GOOD, "{code: led, label: {zh: 是否组织者, en: Led}", "{code: led, label: {zh: 宗教信仰, en: Led}", "forbidden_data", "fields[4]", "宗教", "remove"),
    "blood by its English word": Planted(GOOD, "en: Led", "en: Blood type", "forbidden_data", "fields[4]", "Blood", "remove"),
    "fingerprint by its code": Planted(GOOD, "hours, label: {zh: 时长, en: Hours}", "hours, label: {zh: 时长, en: Hours}, aliases: [指纹]", "forbidden_data", "fields[3]", "指纹", "remove"),
    "petitions as a kind": Planted(KIND, "name: {zh: 损坏公共座椅", "name: {zh: 越级上访", "forbidden_data", "bench_damage", "上访", "remove"),
    "disease": Planted(GOOD, "{zh: 时长,", "{zh: 病史,", "forbidden_data", "fields[3]", "病史", "remove"),
    "income as a factor": Planted(GOOD, "{zh: 时长, en: Hours}", "{zh: 年收入, en: Yearly}", "forbidden_factor", "measure.of", "schemes", "another field"),
    "age as a factor": Planted(SCHEME, "name: {zh: 公园志愿服务, en: Volunteering}", "name: {zh: 年龄, en: Age}", "forbidden_factor", "indicators[1]", "- code: park_volunteering", "remove"),
    "identity as a factor": Planted(SCHEME, "{field: led, equals: true}", "{field: resident_id, exists: true}", "personal_factor", "where.all[1].not.field", "field: resident_id", "another field"),
    "negative without notice": Planted(KIND, "type: date, required: true, role: notice_on", "type: date, role: notice_on", "negative_without", "fields", "fields:", "role: notice_on"),
    "negative without article": Planted(KIND, "required: true, role: article", "required: true", "negative_without", "fields", "fields:", "role: article"),
    "local negative of demonstration": Planted(KIND, "basis:\n  - {source: example_regulation, article: 第十二条}", "basis: demonstration", "local_negative", "basis", "basis", "cite"),
    "local negative on a publication": Planted("sources.yaml", "rank: local_regulation", "rank: publication", "local_negative", "basis", "kinds", "cite"),
    "published persons": Planted(KIND, "openness: subject_only", "openness: public", "published_person", "openness", "openness", "subject_only"),
    "no end": Planted(SCHEME, "        term: P2Y\n", "", "no_end", "indicators[1]", "- code: park_volunteering", "give term"),
    "one term for all classes": Planted(SCHEME, "terms: {minor: P3M, general: P1Y, serious: P3Y}", "term: P1Y", "terms_by_class", "term", "term: P1Y", "terms"),
    "term longer than the law's": Planted(SCHEME, "minor: P3M", "minor: P6M", "term_too_long", "terms.minor", "P6M", "P3M or shorter"),
    "no row of the national list": Planted("measures.yaml", "national_row: market_access", "national_row: no_trains", "national_row", "national_row", "no_trains", "market_access"),
    "measure on a local regulation": Planted("measures.yaml", "source: judgment_debtor_rules", "source: example_regulation", "measure_basis", "basis", "basis", "cite"),
    "schooling as an offer": Planted("offers.yaml", "{zh: 图书九折, en: 10 % off books}", "{zh: 子女优先入学, en: School}", "forbidden_service", "sample_books_discount", "sample_books_discount", "trade"),
    "hospital queue as an offer": Planted("offers.yaml", "{zh: 教材除外, en: Textbooks excepted}", "{zh: 挂号优先, en: First}", "forbidden_service", "sample_books_discount", "sample_books_discount", "trade"),
    "schooling as a scene": Planted("scenes.yaml", "{zh: 商家优惠, en: Shop discounts}", "{zh: 择校优惠, en: Choice}", "forbidden_service", "shops", "shops:", "remove"),
    "a red code": Planted(SCHEME, "{zh: 绿码, en: Green code}", "{zh: 红码, en: Code}", "forbidden_colour", "marks[0]", "红码", "remove"),
    "case filing as an offer": Planted("offers.yaml", "{zh: 图书九折, en: 10 % off books}", "{zh: 立案优先, en: Priority in case filing}", "forbidden_service", "sample_books_discount", "sample_books_discount", "trade"),
}  # fmt: skip


def _line(files: dict[str, str], planted: Planted) -> tuple[str, int | None]:
    """Where the problem belongs: the file that was changed, or the folder named by the mark."""
    text = files[planted.file]
    if planted.mark in ("schemes", "kinds", "merchants"):
        return planted.mark, None
    return planted.file, text[: text.index(planted.mark)].count("\n") + 1


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_is_refused_with_file_line_key_and_cure(name: str) -> None:
    planted = PLANTED[name]
    files = example.texts()
    assert planted.old in files[planted.file], "the document has changed under this test"
    files[planted.file] = files[planted.file].replace(planted.old, planted.new, 1)
    file, line = _line(files, planted)
    everything = example.problems(files)
    said = [p for p in everything if p.code == planted.code and planted.key in p.what.en]
    assert said or not planted.key, [(p.code, p.where, p.what.en) for p in everything]
    said = said or [p for p in everything if p.code == planted.code]
    places = [p.where for p in said]
    if line is None:
        assert all(place.startswith(f"rulebooks/example/{file}") for place in places)
    else:
        assert f"rulebooks/example/{file}:{line}" in places
    assert all(p.what.zh and p.cure.zh and p.cure.en for p in said)
    assert any(planted.cure in p.cure.en for p in said), [p.cure.en for p in said]


def test_the_document_s_city_is_accepted() -> None:
    assert example.problems(example.texts()) == []


def test_a_file_that_nobody_reads_is_refused() -> None:
    for name in ("kind.yaml", "kinds/readme.md", "notes.txt", "schemes/old/one.yaml"):
        said = example.problems({**example.texts(), name: "text: here\n"})
        assert [(p.code, p.where) for p in said] == [("dead_file", f"rulebooks/example/{name}:1")]


def test_a_missing_head_and_an_unknown_parent_are_refused() -> None:
    files = example.texts()
    del files["rulebook.yaml"]
    assert "missing_file" in {p.code for p in example.problems(files)}
    files = example.texts()
    files["rulebook.yaml"] = files["rulebook.yaml"].replace("extends: national", "extends: provincial")
    assert [p.code for p in example.problems(files)] == ["extends"]


def test_all_problems_are_told_at_once() -> None:
    files = example.texts()
    files["scenes.yaml"] = files["scenes.yaml"].replace("lasts: P1Y", "lasts: yes")
    files["offers.yaml"] = files["offers.yaml"].replace("benefit: discount", "benefit: money")
    assert {p.where for p in example.problems(files)} >= {
        "rulebooks/example/scenes.yaml:7",
        "rulebooks/example/offers.yaml:4",
    }


def test_a_natural_person_is_never_attached_by_name() -> None:
    files = example.texts()
    files[GOOD] = files[GOOD].replace("sign: positive", "linking: optional\nsign: positive")
    files[GOOD] = files[GOOD].replace("type: resident_id, required: true", "type: resident_id")
    said = example.problems(files)
    assert [(p.code, p.where) for p in said] == [("name_only", f"rulebooks/example/{GOOD}:4")]

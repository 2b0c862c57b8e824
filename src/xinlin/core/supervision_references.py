"""Whether the grades of supervision fit together: one default, rates that rise, grounds that the law allows (监管等级的引用)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from xinlin.core.findings import Finding, absent, found
from xinlin.core.rulebooks import ORGANISATIONS, Rulebook
from xinlin.core.strict_yaml import Path
from xinlin.core.supervision import SupervisionGrade


def supervision_findings(rulebook: Rulebook, own: Collection[str]) -> Iterator[Finding]:
    """Everything that does not fit in the grades that this rulebook adds, alone and among those that it inherits."""
    if not own:
        return
    grades = sorted(rulebook.supervision_grades.values(), key=lambda grade: grade.rank)
    defaults = [grade.code for grade in grades if grade.default]
    if len(defaults) != 1:
        code = next((one for one in defaults if one in own), min(own))
        yield found(
            "default_grade",
            ("supervision_grades", code, "default"),
            (
                f"应有且只有一个默认等级，现有 {len(defaults)} 个",
                f"there is one default grade, here are {len(defaults)}",
            ),
            ("只在一个等级写 default: true", "write default: true in exactly one grade"),
        )
    for better, worse in pairwise(grades):
        code = worse.code if worse.code in own else better.code
        if better.rank == worse.rank:
            yield found(
                "grade_rank",
                ("supervision_grades", code, "rank"),
                (f"{better.code} 与 {worse.code} 的次序相同", f"{better.code} and {worse.code} have the same rank"),
                ("每个等级写不同的 rank，1 为最好", "give each grade a rank of its own, 1 for the best"),
            )
        elif better.per_mille >= worse.per_mille:
            yield found(
                "grade_rate",
                ("supervision_grades", code, "per_mille"),
                (
                    f"{worse.code} 比 {better.code} 差，抽查比例却不更高（国办发〔2019〕35号：差别化监管）",
                    f"{worse.code} is worse than {better.code}, yet no more of it are drawn (State Council 35/2019)",
                ),
                ("等级越差比例越高", "let the rate rise from grade to grade"),
            )
    usual = rulebook.supervision_grades[defaults[0]].rank if len(defaults) == 1 else None
    for code in sorted(own):
        yield from _grounds(rulebook, rulebook.supervision_grades[code], usual)


def _grounds(rulebook: Rulebook, grade: SupervisionGrade, usual: int | None) -> Iterator[Finding]:
    path = ("supervision_grades", grade.code)
    if not grade.default and not grade.lists and not grade.records:
        yield found(
            "grade_grounds",
            path,
            ("没有写明什么使单位进入这个等级", "nothing puts a firm into this grade"),
            ("写 lists 或 records，或删去该等级", "give lists or records, or remove the grade"),
        )
    if grade.default and (grade.lists or grade.records):
        yield found(
            "grade_grounds",
            path,
            ("默认等级不需要事由", "the default grade needs no grounds"),
            ("删去 lists 和 records", "remove lists and records"),
        )
    for position, name in enumerate(grade.lists):
        here: Path = (*path, "lists", position)
        listed = rulebook.lists.get(name)
        if listed is None:
            yield absent(here, name, "lists", rulebook.lists)
        elif usual is not None and (listed.colour == "red") != (grade.rank < usual):
            yield found(
                "grade_list",
                here,
                (
                    f"{name} 的颜色与等级不符：红名单只能降低抽查，黑名单只能提高",
                    f"{name} does not suit the grade: a red list means fewer inspections, a black one more",
                ),
                ("移到相应的等级", "move it to a grade that suits it"),
            )
    for position, row in enumerate(grade.records):
        here = (*path, "records", position, "kind")
        kind = rulebook.kinds.get(row.kind)
        if kind is None:
            yield absent(here, row.kind, "kinds", rulebook.kinds)
            continue
        roles = {field.role for field in kind.fields}
        fit = kind.sign == "negative" and kind.effect == "record" and not kind.lead and {"class", "notice_on"} <= roles
        if not fit or not ORGANISATIONS & set(kind.subject_kinds) or (usual is not None and grade.rank < usual):
            yield found(
                "grade_record",
                here,
                (
                    f"{row.kind} 不能作为提高抽查比例的事由：须是单位的、已告知、分程度的失信记录，且等级差于默认",
                    f"{row.kind} is no ground for more inspections: it must be a negative record of organisations with class "
                    "and notice, in a grade worse than the default",
                ),
                ("换成这样的记录，或删去", "name such a kind, or remove it"),
            )

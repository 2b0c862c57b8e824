"""What a delivery as a whole must hold, and what of it should be told (批次断言)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text


class Outcome(NamedTuple):
    """``failed`` stops the delivery; ``exceeded`` are samples for the hint ``assertion_maximum`` by place."""

    failed: list[Problem]
    exceeded: list[tuple[str, str]]


def judge(kind: Kind, read: int, accepted: int, filled: Callable[[str], int]) -> Outcome:
    """Hold a delivery's counts against its kind's assertions. ``filled``: rows taken in which a field is given."""
    outcome = Outcome([], [])
    for assertion in kind.assertions:
        match assertion.measure:
            case "rows":
                found, unit = read, ""
            case "accepted":
                found, unit = 100 * accepted // read if read else 100, "%"
            case _:
                found, unit = 100 * filled(assertion.field or "") // accepted if accepted else 100, "%"
        name = _name(kind, assertion.measure, assertion.field)
        if assertion.minimum is not None and found < assertion.minimum:
            outcome.failed.append(_below(name, f"{found}{unit}", f"{assertion.minimum}{unit}", assertion.field or ""))
        if assertion.maximum is not None and found > assertion.maximum:
            outcome.exceeded.append((assertion.field or "rows", f"{name.zh} {found}{unit} > {assertion.maximum}{unit}"))
    return outcome


def _name(kind: Kind, measure: str, field: str | None) -> Text:
    if measure == "rows":
        return Text(zh="行数", en="Rows")
    if measure == "accepted":
        return Text(zh="接收的行的比例", en="The share of rows taken")
    label = next((spec.label for spec in kind.fields if spec.code == field), Text(zh=field or "", en=field or ""))
    return Text(zh=f"填有“{label.zh}”的行的比例", en=f"The share of rows with {label.en}")


def _below(name: Text, found: str, wanted: str, where: str) -> Problem:
    return Problem(
        "assertion_minimum",
        where or "file",
        Text(
            zh=f"{name.zh}为 {found}，低于目录要求的 {wanted}，没有存入任何数据",
            en=f"{name.en} is {found}, less than the {wanted} that the catalogue asks for; nothing was stored",
        ),
        Text(
            zh="请核对是否选错了文件、信息项或列；改正后重报",
            en="Check whether file, kind or columns are the wrong ones; correct it and send it again",
        ),
    )

"""What people do not want recorded (不予记录; 深圳经济特区社会信用条例 39)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xinlin.core.rulebooks import Kind
from xinlin.core.values import Problem, Text
from xinlin.office.models.consents import RecordingRefusal
from xinlin.office.queries.people import own_subject
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor

NOT_RECORDED = Problem(
    code="recording_refused",
    where="subject",
    what=Text(
        zh="本人不同意记录这类信息，该行未保存", en="The person does not want this recorded; nothing of the row is kept"
    ),
    cure=Text(
        zh="不用更正，也不要再报送；这是本人的权利（深圳经济特区社会信用条例 第三十九条）",
        en="Nothing to correct; do not send it again: it is the person's right",
    ),
)


NOT_CONSENTED = Problem(
    code="consent_missing",
    where="subject",
    what=Text(
        zh="这类信息凭本人同意才收，没有本人同意，该行未保存",
        en="This is kept with the person's consent alone; there is none, and nothing of the row is kept",
    ),
    cure=Text(
        zh="不用更正；本人开通后的新信息照常报送即可",
        en="Nothing to correct; once the person has opened the score, send what is new then",
    ),
)


def deleted_since(moment: datetime) -> set[int]:
    """Keys of people who had records deleted since then: whatever was frozen of them before counts no longer."""
    gone = RecordingRefusal.objects.filter(at__gte=moment).exclude(fingerprint="")
    return set(gone.values_list("subject_id", flat=True))


@dataclass(frozen=True)
class Choice:
    """A kind that a person may refuse, and whether this person did."""

    kind: Kind
    refused: bool


def choices(*, actor: Actor) -> list[Choice]:
    """Every kind that the resident may refuse to have recorded."""
    mine = RecordingRefusal.objects.filter(subject=own_subject(actor), fingerprint="")
    refused = set(mine.values_list("kind", flat=True))
    kinds = [kind for kind in current().kinds.values() if kind.refusable and "person" in kind.subject_kinds]
    return [Choice(kind, kind.code in refused) for kind in kinds]

"""What the demo city shows the public on its first day, as if it had published for years: in time, near the end, some late; and cases (演示公示)."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from xinlin.core.rulebooks import Rulebook
from xinlin.demo.staff import Member

LATE_IN_A_HUNDRED = 7
CASES = 2
CASE_DAYS = 60
BASIS = ("big_data_opinions", "行政许可和行政处罚信息公示")
PROPORTION = "该行为已有生效文书并依法公示，播报只重复公示内容，不涉及自然人，到期即撤下。"
LESSON = (
    "预付卡停业前应先退余额",
    "某经营者停业前未退还预付卡余额。依法应提前三十日公告并退款；消费者可凭消费凭证向市场监管部门投诉。",
    "只讲行为和规则，不指名任何单位和个人，便于经营者对照检查。",
)


def publish_as_before(rulebook: Rulebook, staff: list[Member], today: date) -> dict[str, int]:
    """Publish what the departments sent, dated as a city that publishes day by day would have; answers with how many cases run."""
    from xinlin.office.jobs.publicity import publish
    from xinlin.office.jobs.publicity_figures import count

    publish(everything=True)
    _date_back(today)
    cases = _cases(rulebook, staff, today)
    count()
    return {"published_cases": cases}


def _date_back(today: date) -> None:
    """Give what has a clock the day on which a department that works day by day would have published it."""
    from django.utils import timezone

    from xinlin.office.models.publicity import Publication

    rng = Random(f"published:{today}")
    rows = list(Publication.objects.filter(due_on__isnull=False).order_by("pk"))
    for row in rows:
        if row.due_on is None:
            continue
        last = row.due_on + timedelta(days=12) if rng.randrange(100) < LATE_IN_A_HUNDRED else row.due_on
        day = min(today, row.decided_on + timedelta(days=rng.randint(1, max(1, (last - row.decided_on).days))))
        row.published_at = datetime.combine(day, time(9 + rng.randrange(8)), tzinfo=timezone.get_current_timezone())
        row.in_time = day <= row.due_on
    Publication.objects.bulk_update(rows, ["published_at", "in_time"], batch_size=500)


def _cases(rulebook: Rulebook, staff: list[Member], today: date) -> int:
    """Cases about penalties with a final document, one with the organisation's reply; and a lesson that names nobody."""
    from xinlin.office.actions.bulletins import publish_case, reply
    from xinlin.office.models.people import Relation
    from xinlin.office.models.publicity import Publication
    from xinlin.office.scopes import Actor, Refused

    source, article = BASIS
    reviewer = next(one for one in staff if one.role == "reviewer")
    actor = Actor(f"system:demo-{reviewer.sub}", reviewer.name, "reviewer", reviewer.department)
    said: dict[str, Any] = {"actor": actor, "source": source, "article": article}
    title, text, why = LESSON
    made, told = 0, set[str]()
    with suppress(Refused):
        until = today + timedelta(days=CASE_DAYS)
        publish_case(reference="", title=title, text=text, purpose="lesson", proportion=why, until=until, **said)
        made += 1
    led = Relation.objects.filter(until_on=None).values("organisation")
    shown = Publication.objects.filter(live=True, section="penalties", disputed=False, ends_on__gt=today)
    for row in shown.filter(body__in=led).exclude(title="").order_by("-decided_on", "pk")[:40]:
        if made > CASES or row.title in told:
            continue
        told.add(row.title)
        facts = str(row.fields.get("facts") or "文书已经生效")
        with suppress(Refused):
            number = publish_case(
                reference=row.reference,
                title=f"{row.title}，依法处罚",
                text=f"{facts}。依据{row.article}作出处罚，当事单位可以在本页回应，也可以申请更正或修复。",
                purpose="duty",
                proportion=PROPORTION,
                until=min(today + timedelta(days=CASE_DAYS), row.ends_on),
                **said,
            )
            made += 1
            if made == CASES:
                leader = Relation.objects.filter(organisation=row.body_id, until_on=None).first()
                if leader is not None:
                    firm = Actor("system:demo", "法定代表人", "resident", subject_id=leader.person_id)
                    reply(actor=firm, number=number, text="我单位已按要求整改并缴清罚款，正在申请信用修复。")
    return made

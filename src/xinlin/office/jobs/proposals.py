"""The job of a proposal: its preview (影响预演)."""

from __future__ import annotations

import logging

from django_tasks import task

from xinlin.office.actions.score_previews import preview
from xinlin.office.models.batches import Job
from xinlin.office.models.proposals import SchemeProposal
from xinlin.office.queries.scheme_texts import checked
from xinlin.office.rulebook import current
from xinlin.office.scopes import now, today

log = logging.getLogger(__name__)


@task()
def queued(job_number: str) -> None:
    """What the worker runs."""
    work(job_number)


def work(job_number: str) -> None:
    """Work the preview of a draft out and keep it; the job says how far it is."""
    job = Job.objects.get(number=job_number)
    mine = Job.objects.filter(pk=job.pk)
    mine.update(state=Job.State.RUNNING, heartbeat_at=now(), attempts=job.attempts + 1)
    proposal = SchemeProposal.objects.get(number=job.payload["proposal"])

    def progress(done: int, total: int) -> None:
        mine.update(done=done, total=total, heartbeat_at=now())

    try:
        rulebook, after = checked(proposal.text)
        versions = {(one.code, one.version): one for one in current().schemes}
        before = versions[proposal.scheme, proposal.replaces]
        found = preview(before, after, rulebook, today(), progress)
        SchemeProposal.objects.filter(pk=proposal.pk, state=SchemeProposal.State.DRAFT).update(preview=found)
        mine.update(state=Job.State.DONE, finished_at=now())
    except Exception as error:
        log.exception("the preview of %s broke", proposal.number)
        mine.update(state=Job.State.FAILED, finished_at=now(), message=type(error).__name__)
        raise

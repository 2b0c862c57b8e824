"""A version of a scheme on its way into force: proposed, previewed, signed by two persons, announced (方案修订)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, timedelta

from django.db import IntegrityError, transaction

from xinlin import shelf
from xinlin.core.log import digest
from xinlin.core.proposals import changes
from xinlin.core.schemes import Scheme
from xinlin.core.values import Problem, Text
from xinlin.office.actions.batches import queue
from xinlin.office.leaves import write_leaf
from xinlin.office.models.batches import Job
from xinlin.office.models.proposals import ProposalSignature, SchemeProposal
from xinlin.office.queries.scheme_texts import (
    MAY_RECALL,
    MAY_SIGN,
    NOTICE_DAYS,
    announced_texts,
    checked,
    recalled_stems,
    said_of,
)
from xinlin.office.rulebook import adopted_folder, current
from xinlin.office.scopes import Actor, Conflict, NotAllowed, NotFound, Refused, now, today

MAY_PROPOSE = frozenset({"analyst"})
SIGNATURES = 2


def _refused(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Refused:
    return Refused(Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en)))


def propose(*, actor: Actor, text: str, reason: str) -> str:
    """Enter a version as a draft; its preview is worked out in the background. Returns the proposal's number.

    Raises `NotAllowed`, `ProposalRefused`, `Refused` for a version that changes nothing, is not of a scheme in force, or begins
    too early, and `Conflict` for a version number that is taken.
    """
    if actor.role not in MAY_PROPOSE:
        raise NotAllowed("只有模型分析员可以提出修订。Only analysts may propose a version.")
    if not reason.strip():
        cure = ("写清为什么改", "Say why it is changed")
        raise _refused("no_reason", "reason", "没有写修订理由", "There is no reason", *cure)
    code, version = said_of(text)
    if any((one.code, one.version) == (code, version) for one in current().schemes):
        raise Conflict(
            Problem(
                "version_taken",
                "version",
                Text(zh=f"版本 {version} 已经发布", en=f"The version {version} is published"),
                Text(zh="改用新的版本号", en="Choose another version number"),
            )
        )
    _rulebook, scheme = checked(text)
    if scheme.subject != "person":
        cure = (
            "单位和地区的方案随规则册发布",
            "Schemes of organisations and districts are published with the rulebook",
        )
        raise _refused(
            "not_of_persons", "subject", "这里只修订个人的方案", "Only schemes of persons are changed here", *cure
        )
    before = _replaced(scheme)
    if before is None or not changes(before, scheme, current().kinds):
        cure = ("改动至少一个数值或一条规则", "Change a number or a rule at least")
        raise _refused("no_change", "text", "与现行版本没有差别", "It changes nothing", *cure)
    _early(scheme.effective_from)
    number = f"SP{today():%Y%m%d}-{secrets.token_hex(4).upper()}"
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    try:
        with transaction.atomic():
            job = Job.objects.create(number=f"J{number}", kind="proposals", payload={"proposal": number})
            SchemeProposal.objects.create(
                number=number,
                rulebook=current().code,
                scheme=scheme.code,
                version=scheme.version,
                replaces=before.version,
                effective_from=scheme.effective_from,
                text=text,
                text_sha256=sha256,
                reason=reason.strip(),
                proposed_by=actor.handle,
                proposed_name=actor.name,
                created_at=now(),
                job=job,
            )
            facts = {"text_sha256": sha256, "reason": reason.strip()}
            write_leaf(actor=actor, action="proposals.propose", table="scheme_proposal", key=number, facts=facts)
            queue(job)
    except IntegrityError as error:
        raise Conflict(
            Problem(
                "version_taken",
                "version",
                Text(zh=f"版本 {version} 已有草案", en=f"There is a draft of the version {version}"),
                Text(zh="改用新的版本号，或先撤下那份草案", en="Choose another version, or withdraw that draft"),
            )
        ) from error
    return number


def _replaced(scheme: Scheme) -> Scheme | None:
    """The version of the same scheme that is in force, or about to be, when this one begins."""
    line = [one for one in current().schemes if one.code == scheme.code and one.effective_from < scheme.effective_from]
    return max(line, key=lambda one: one.effective_from, default=None)


def _early(first_day: date) -> None:
    if first_day < today() + timedelta(days=NOTICE_DAYS):
        raise _refused(
            "too_early",
            "effective_from",
            f"施行日 {first_day} 太早：公告至少 {NOTICE_DAYS} 天之后才能施行",
            f"The first day {first_day} is too early: {NOTICE_DAYS} days of notice come before it",
            "改为更晚的日期",
            "Choose a later day",
        )


def _draft(number: str) -> SchemeProposal:
    found = SchemeProposal.objects.select_for_update().filter(number=number, rulebook=current().code).first()
    if found is None:
        raise NotFound(f"没有修订 {number}。There is no proposal {number}.")
    if found.state != SchemeProposal.State.DRAFT:
        cure = ("另提一份修订", "Propose another version")
        raise _refused("not_a_draft", "state", "这份修订已经公告或撤下", "It was announced or withdrawn already", *cure)
    return found


def sign(*, actor: Actor, number: str, preview_sha256: str) -> bool:
    """Sign a previewed draft; returns whether it is announced now, which the second person's signature does.

    One of the two is a reviewer of the credit centre. ``preview_sha256`` names the preview that the signer saw. Raises
    `NotAllowed`, `NotFound`, `Refused`.
    """
    if actor.role not in MAY_SIGN:
        raise NotAllowed("只有模型分析员和信用中心审核员可以签署。Only analysts and reviewers may sign.")
    with transaction.atomic():
        draft = _draft(number)
        if draft.preview is None or digest(draft.preview) != preview_sha256:
            cure = ("等预演完成，看过之后再签", "Wait for the preview, look at it, then sign")
            raise _refused("no_preview", "preview", "还没有看过影响预演", "The preview has not been seen", *cure)
        _early(draft.effective_from)
        checked(draft.text)
        given = list(draft.signatures.all())
        if any(one.by == actor.handle for one in given):
            cure = ("请另一位同事签署", "Let another person sign")
            raise _refused("signed_already", "signature", "您已经签过", "You have signed already", *cure)
        if len(given) == SIGNATURES - 1 and "reviewer" not in {actor.role, *(one.role for one in given)}:
            cure = ("请信用中心审核员签署", "Let a reviewer of the credit centre sign")
            raise _refused(
                "reviewer_needed", "signature", "两个签名中须有审核员", "One of the two is a reviewer's", *cure
            )
        ProposalSignature.objects.create(
            proposal=draft,
            by=actor.handle,
            by_name=actor.name,
            role=actor.role,
            at=now(),
            text_sha256=draft.text_sha256,
            preview_sha256=preview_sha256,
        )
        announced = len(given) + 1 == SIGNATURES
        if announced:
            draft.state, draft.announced_at = SchemeProposal.State.ANNOUNCED, now()
            draft.save(update_fields=["state", "announced_at"])
            transaction.on_commit(keep_adopted)
        facts = {"text_sha256": draft.text_sha256, "preview_sha256": preview_sha256, "announced": announced}
        write_leaf(actor=actor, action="proposals.sign", table="scheme_proposal", key=number, facts=facts)
    return announced


def withdraw(*, actor: Actor, number: str) -> None:
    """Take a draft back; an announced version stays. Raises `NotAllowed`, `NotFound`, `Refused`."""
    if actor.role not in MAY_SIGN:
        raise NotAllowed("只有模型分析员和信用中心审核员可以撤下。Only analysts and reviewers may withdraw it.")
    with transaction.atomic():
        draft = _draft(number)
        draft.state = SchemeProposal.State.WITHDRAWN
        draft.save(update_fields=["state"])
        write_leaf(actor=actor, action="proposals.withdraw", table="scheme_proposal", key=number, facts={})


def recall(*, actor: Actor, number: str, reason: str) -> None:
    """Take an announced version back before its first day; the notice stays in public, with the reason.

    One reviewer may: it leaves everything as it is. Raises `NotAllowed`, `NotFound`, `Refused` for a version that is not
    announced or is in force already, and for no reason.
    """
    if actor.role not in MAY_RECALL:
        raise NotAllowed("只有信用中心审核员可以撤回公告。Only reviewers may recall an announced version.")
    if not reason.strip():
        cure = ("写清为什么撤回，公众会看到", "Say why; the public reads it")
        raise _refused("no_reason", "reason", "没有写撤回理由", "There is no reason", *cure)
    with transaction.atomic():
        found = SchemeProposal.objects.select_for_update().filter(number=number, rulebook=current().code).first()
        if found is None:
            raise NotFound(f"没有修订 {number}。There is no proposal {number}.")
        if found.state != SchemeProposal.State.ANNOUNCED or found.effective_from <= today():
            cure = ("已施行的规则以新的修订更改", "What is in force is changed by another version")
            raise _refused(
                "not_waiting",
                "state",
                "不是已公告、待施行的修订",
                "It is not announced and yet to come into force",
                *cure,
            )
        later = SchemeProposal.objects.filter(
            rulebook=found.rulebook, scheme=found.scheme, state=SchemeProposal.State.ANNOUNCED, replaces=found.version
        )
        if later.exists():
            cure = ("先撤回其后的版本", "Recall the later version first")
            raise _refused("built_upon", "version", "后面的版本以它为底", "A later version is built upon it", *cure)
        found.state, found.recalled_at = SchemeProposal.State.RECALLED, now()
        found.recalled_name, found.recalled_reason = actor.name, reason.strip()
        found.save(update_fields=["state", "recalled_at", "recalled_name", "recalled_reason"])
        facts = {"text_sha256": found.text_sha256, "reason": found.recalled_reason}
        write_leaf(actor=actor, action="proposals.recall", table="scheme_proposal", key=number, facts=facts)
        transaction.on_commit(keep_adopted)


def keep_adopted() -> None:
    """Lay every announced version down beside the rulebook, locked by its hash; from then on it is part of it.

    Announced and recalled versions stand in the database; this can be done again at any time.
    """
    shelf.drop_schemes(adopted_folder(), recalled_stems())
    for stem, text in announced_texts().items():
        shelf.keep_scheme(adopted_folder(), stem, text)

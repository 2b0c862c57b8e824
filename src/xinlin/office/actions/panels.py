"""Approving a panel of the configuration as it stands (配置批准): two people, each for the very content they saw."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from xinlin.core.panels import Panel, content, sha256
from xinlin.core.values import Problem, Text
from xinlin.office.leaves import write_leaf
from xinlin.office.models.panels import PanelSignature, PanelVersion
from xinlin.office.queries.panels import MAY_SIGN, SIGNATURES
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, Conflict, NotAllowed, now


def approve(*, actor: Actor, panel: Panel, seen_sha256: str) -> int:
    """Sign the panel as it stands; returns its version. The same person again, or a third one, changes nothing.

    Raises `NotAllowed`, or `Conflict` where the panel says something else by now than what was seen.
    """
    if actor.role not in MAY_SIGN[panel]:
        raise NotAllowed("您的角色不能批准这一部分。Your role may not approve this panel.")
    book = current()
    told = content(book, panel)
    digest = sha256(told)
    if digest != seen_sha256:
        raise Conflict(
            Problem(
                "panel_changed",
                "sha256",
                Text(zh="这一部分在您查看之后有改动。", en="This panel has changed since you looked at it."),
                Text(zh="重新查看差异后再签署。", en="Look at the differences again, then sign."),
                seen_sha256,
            )
        )
    try:
        return _sign(actor, panel, book.code, told, digest)
    except IntegrityError:
        return _sign(actor, panel, book.code, told, digest)


@transaction.atomic
def _sign(actor: Actor, panel: Panel, rulebook: str, told: dict[str, object], digest: str) -> int:
    held = PanelVersion.objects.select_for_update().filter(rulebook=rulebook, panel=panel)
    version = held.filter(sha256=digest).first()
    if version is None:
        number = max(held.values_list("version", flat=True), default=0) + 1
        version = PanelVersion.objects.create(
            panel=panel, rulebook=rulebook, version=number, sha256=digest, content=told, at=now()
        )
    signed = list(version.signatures.values_list("by", flat=True))
    if actor.handle in signed or len(signed) >= SIGNATURES:
        return version.version
    PanelSignature.objects.create(version=version, by=actor.handle, by_name=actor.name, role=actor.role, at=now())
    write_leaf(
        actor=actor,
        action="panels.approve",
        table="panel_version",
        key=str(version.pk),
        facts={"panel": panel, "version": version.version, "sha256": digest},
    )
    return version.version

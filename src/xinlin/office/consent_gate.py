"""The one gate before every score: which consents are in force at this moment (授权有效性).

Whatever reads or writes figures of people asks here, so that a consent taken back, resting, over its time, or given under
terms that have changed since opens nothing anywhere, in any process: nothing of it is kept in memory.
"""

from __future__ import annotations

from django.db.models import Q

from xinlin.core.consents import current_terms, fingerprint
from xinlin.office.rulebook import current
from xinlin.office.scopes import now, today


def terms_in_force() -> set[str]:
    """Fingerprints of all terms under which the city asks today."""
    return {fingerprint(terms, scene) for (_step, scene), terms in current_terms(current(), today()).items()}


def in_force() -> Q:
    """The condition on `Consent` rows that are in force now."""
    lasting = Q(expires_at__isnull=True) | Q(expires_at__gt=now())
    standing = Q(withdrawn_at__isnull=True, paused_at__isnull=True)
    return standing & lasting & Q(terms_sha256__in=terms_in_force())

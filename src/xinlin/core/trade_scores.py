"""A trade's score (行业信用分) takes dimensions over from another scheme, whole; no figure flows between the two."""

from __future__ import annotations

from collections.abc import Sequence

from xinlin.core.schemes import Dimension, Scheme


def base_of(scheme: Scheme, schemes: Sequence[Scheme]) -> Scheme | None:
    """The version of another scheme that this one extends; None where it extends none, or where there is none."""
    named = scheme.extends
    if named is None:
        return None
    return next((one for one in schemes if (one.code, one.version) == (named.scheme, named.version)), None)


def taken_over(scheme: Scheme, schemes: Sequence[Scheme]) -> list[Dimension]:
    """The dimensions that a scheme takes over, in the order of the one that it extends."""
    base, named = base_of(scheme, schemes), scheme.extends
    if base is None or named is None:
        return []
    return [one for one in base.dimensions if named.dimensions is None or one.code in named.dimensions]


def whole_schemes(schemes: Sequence[Scheme]) -> list[Scheme]:
    """Every scheme with all dimensions that it scores: its own, then those that it takes over.

    Only what stands in the file of the scheme extended is taken: a scheme cannot extend one that itself extends another.
    """
    return [
        scheme.model_copy(update={"dimensions": [*scheme.dimensions, *taken_over(scheme, schemes)]})
        for scheme in schemes
    ]

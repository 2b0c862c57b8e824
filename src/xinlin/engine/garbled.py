"""Whether many cells at once may hold a garbled word, so that each must be read by itself (乱码)."""

from __future__ import annotations

import numpy as np

from xinlin.core.readings import GARBLED_SIGNS


def perhaps_garbled(joined: str) -> bool:
    """Whether the cells, joined, hold what `xinlin.core.readings.damage` looks at more closely: never less than that."""
    if not joined.isprintable():
        return True
    if joined.isascii():
        return False
    if any(sign in joined for sign in GARBLED_SIGNS):
        return True
    units = np.frombuffer(joined.encode("utf-16-le", "surrogatepass"), np.uint16)
    return bool(((units >= ord("À")) & (units <= ord("ÿ"))).any())

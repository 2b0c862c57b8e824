"""Other ways to score the bench's city, each written by hand for this one scheme: what the engine is measured against.

``python bench/scores_baselines.py NAME SNAPSHOT OUT`` runs one as a whole process, and a process imports nothing that its
way does not use. They read the same snapshot and write the same ``scores.parquet``; `scan` writes nothing. `numpy` reads
columns that were unpacked beforehand, so it is the raw limit: no Parquet to decode, no general language, no record handles.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

WAYS = ("scan", "numpy", "sql", "polars")

if __name__ == "__main__":
    way = importlib.import_module(f"bench.scores_by_{sys.argv[1]}")
    way.run(Path(sys.argv[2]), Path(sys.argv[3]))

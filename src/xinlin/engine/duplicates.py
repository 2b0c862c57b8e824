"""Likely duplicates among registered organisations, for a report that a person reads (疑似重复主体报告). Nothing acts on it.

Splink (the optional extra ``reports``) weighs agreement and disagreement of names, places and representatives; the weights
come from the register itself, without any labelled pair. Raises ImportError where it is not installed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

THRESHOLD = 0.8
"""Probability from which on a pair is shown."""
SAMPLE = 1_000_000
"""Pairs drawn to learn how often fields agree by chance."""
FEWEST = 20
"""Organisations below which nothing can be learned of them."""


class Firm(NamedTuple):
    """An organisation as it is compared. ``number`` is its dense number; empty text is nothing known."""

    number: int
    name: str
    brand: str
    region: str
    address: str
    representative: str


class Pair(NamedTuple):
    """Two organisations that may be one; ``per_mille`` is how likely."""

    first: int
    second: int
    per_mille: int


def likely_duplicates(firms: Sequence[Firm]) -> list[Pair]:
    """Pairs of organisations above the threshold, the likeliest first. Same input, same answer."""
    if len(firms) < FEWEST:
        return []
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    columns = {name: [getattr(firm, name) or None for firm in firms] for name in Firm._fields if name != "number"}
    table = pa.table({"unique_id": [firm.number for firm in firms], **columns})
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.96, 0.9]),
            cl.JaroWinklerAtThresholds("address", [0.92]),
            cl.ExactMatch("representative"),
            cl.ExactMatch("region"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("brand"),
            block_on("representative", "region"),
            block_on("address"),
        ],
    )
    linker = Linker(DuckDBAPI().register(table), settings)
    linker.training.estimate_probability_two_random_records_match([block_on("name"), block_on("address")], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLE, seed=1)
    for rule in (block_on("representative"), block_on("brand")):
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        except Exception:  # too few pairs share this; the library's own starting weights stand
            logging.getLogger(__name__).info("nothing could be learned from %s", rule)
    found = linker.inference.predict(threshold_match_probability=THRESHOLD).as_record_list()
    pairs = {_pair(int(one["unique_id_l"]), int(one["unique_id_r"]), float(one["match_probability"])) for one in found}
    return sorted(pairs, key=lambda pair: (-pair.per_mille, pair.first, pair.second))


def _pair(one: int, other: int, likely: float) -> Pair:
    return Pair(min(one, other), max(one, other), int(likely * 1_000))

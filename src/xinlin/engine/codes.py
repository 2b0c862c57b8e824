"""Columns that say few different things, as numbers (代码列)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from xinlin.engine.tables import refused

CodeNumbers = npt.NDArray[np.int16]

MOST_CODES = (1 << 15) - 1
"""How many different codes a column may have."""


class Codes:
    """The codes in a column, by number: first those that are known, behind them whatever else the file says."""

    def __init__(self, where: str, known: Sequence[str]) -> None:
        """``where`` names the column to whoever sent the file."""
        self.where, self.known, self.numbers = where, known, {code: at for at, code in enumerate(known)}

    @property
    def strange(self) -> bool:
        """Whether the file says something that is not known."""
        return len(self.numbers) > len(self.known)

    def of(self, said: pa.Array) -> CodeNumbers:
        """The number of each code, -1 for none. Raises `FolderRefused` for a column that says too much to be one of codes."""
        said = said if pa.types.is_dictionary(said.type) else said.dictionary_encode()
        words = said.dictionary.to_pylist()
        numbers = [self.numbers.setdefault(word, len(self.numbers)) if word else -1 for word in words]
        if len(self.numbers) > MOST_CODES:
            raise refused(
                "too_many_codes",
                self.where,
                f"这一列有 {MOST_CODES:,} 种以上不同的代码。",
                f"the column has more than {MOST_CODES:,} different codes.",
                "请核对这一列是否为代码。",
                "Check whether it is the column of codes.",
            )
        found: CodeNumbers = np.array([*numbers, -1], np.int16)[said.indices.fill_null(-1).to_numpy()]
        return found

    def words(self, numbers: pa.Array) -> pa.Array:
        """The codes with these numbers."""
        values = numbers.to_numpy()
        return pa.DictionaryArray.from_arrays(pa.array(values, mask=values < 0), pa.array(self.numbers, pa.string()))

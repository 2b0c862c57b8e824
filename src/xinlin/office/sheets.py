"""From bytes to rows (文件读取): text tables here, everything else in a confined process.

What a file is, is found from its content, never from its name: form, encoding, delimiter, sheet, header row, merged cells.
What was found stands in the `Layout`, and a person may correct it by a `Reading`; what cannot be read refuses the file with
a sample, and nothing is ever guessed silently.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

from xinlin.core.columns import known_labels, label_key
from xinlin.core.rulebooks import Kind
from xinlin.office.confinement import Answer, Limits, confined
from xinlin.office.files.opening import HEAD, sort_of
from xinlin.office.layouts import Finding, Layout, Reading, Row, Sheet
from xinlin.office.text_files import open_text

_AS_FOUND = Reading()


def open_sheet(
    path: Path,
    kind: Kind,
    extra_labels: AbstractSet[str] = frozenset(),
    reading: Reading = _AS_FOUND,
    *,
    alive: Callable[[], None] | None = None,
    limits: Limits | None = None,
) -> Sheet:
    """Open a delivered file as rows. Raises `FileRefused` with the reason and a sample.

    ``extra_labels``: column names of the department's mappings, which help to find the header. ``reading``: what a person
    said of the file. ``alive`` is called every few seconds while a large one is opened.
    """
    known = known_labels(kind) | {label_key(label) for label in extra_labels}
    with path.open("rb") as stream:
        sort = sort_of(stream.read(HEAD))
    if sort == "text":
        return open_text(path, known, reading)
    request = {"known": sorted(known), "reading": reading.as_dict()}
    return SpooledSheet(confined("table", path, request, limits=limits, alive=alive))


class SpooledSheet(Sheet):
    """A table that the confined process wrote down; nobody but this program has the file, and it is gone when closed."""

    def __init__(self, answer: Answer) -> None:
        """Takes the layout from the answer."""
        super().__init__(Layout(**answer.facts["layout"]))
        self.layout.findings = [Finding(*map(str, finding)) for finding in answer.facts["findings"]]
        self.peak = answer.peak
        """Memory that the process had at most (kB)."""
        self._spool = answer.spool

    def rows(self) -> Iterator[Row]:
        """All rows, in order. Each call starts anew, and only the newest may go on."""
        self._spool.seek(0)
        for line in self._spool:
            for number, cells, doubtful in json.loads(line.decode("utf-8", "surrogatepass")):
                if doubtful:
                    self.doubtful.add(number)
                yield number, cells

    def close(self) -> None:
        """Give the space back."""
        self._spool.close()

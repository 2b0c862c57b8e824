"""How much memory deliveries take, in this process and in those that open files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xinlin.office import confinement


class Peak:
    """The most memory (MiB) that deliveries have taken: of this process while it took them in, and of those that opened files.

    What the bench itself needs, to write files and to compare, is not counted.
    """

    def __init__(self) -> None:
        self.most = 0
        self._read = confinement._read
        confinement._read = self._noted

    def _noted(self, said: bytes) -> dict[str, Any]:
        answer = self._read(said)
        self.most = max(self.most, answer.get("peak", 0) >> 10)
        return answer

    def begin(self) -> None:
        """Forget how high this process has been."""
        Path("/proc/self/clear_refs").write_text("5")

    def end(self) -> None:
        """Look how high it was since."""
        status = Path("/proc/self/status").read_text()
        self.most = max(self.most, int(status.partition("VmHWM:")[2].split()[0]) >> 10)

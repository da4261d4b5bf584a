"""What runs for a while: start, close and `with`, written once."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self


class LongLived(ABC):
    """Something that runs from `start` to `close`, or as long as a `with` block."""

    _open: AbstractContextManager[None] | None = None

    @abstractmethod
    def _running(self) -> AbstractContextManager[None]:
        """One run. A start that fails must leave nothing behind."""

    def start(self) -> None:
        """Start. Raises what the class says."""
        run = self._running()
        run.__enter__()
        self._open = run

    def close(self) -> None:
        """Stop. A second call does nothing."""
        self.__exit__(None, None, None)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        run, self._open = self._open, None
        if run is not None:
            run.__exit__(kind, error, trace)

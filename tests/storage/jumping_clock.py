"""An event loop whose clock jumps to the next timer when nothing is left to do before it."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

R = TypeVar("R")


class _Selector(selectors.DefaultSelector):
    """Waits by moving the clock on; only what the loop itself has in its pipes can be ready."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise AssertionError("everybody waits for something that nobody will do")
        self.now += max(0.0, timeout)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop that starts at time 0; what is logged of forgotten exceptions is an error."""

    def __init__(self) -> None:
        self._clock = _Selector()
        self.complaints: list[Any] = []
        super().__init__(self._clock)
        self.set_exception_handler(lambda _, context: self.complaints.append(context))

    def time(self) -> float:
        return self._clock.now


def play(scene: Callable[[JumpingLoop], Coroutine[Any, Any, R]]) -> R:
    """Return what the scene returns, in no time."""
    loop = JumpingLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        result = runner.run(scene(loop))
    assert loop.complaints == []
    return result

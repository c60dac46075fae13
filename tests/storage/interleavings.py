"""Every order in which the database can execute the calls of a few processes.

A process is a function from the answers it got to the calls it makes, and a state of the database
is a value. Two orders that lead to the same state and the same answers are followed as one, which
makes millions of orders a few thousand moments. At each moment every process may stop for ever:
what is stored then, and what the sealer makes of it, is judged at each of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import gates
from judging import Asked, Held, explained
from standing import START, Answer, Process, Run
from states import Documents, Mongomock, State, call_key

from storage import Unavailable

QUIET = frozenset({"sites", "counters"})
"""Collections that nobody changes here: their calls are answered at once."""


class Violation(AssertionError):
    """No order of the operations explains what came out; the text tells the calls up to there."""


class Node:
    """A process after certain answers: the calls at which it stands, and what has ended."""

    def __init__(self, process: Process, number: int, path: tuple[Any, ...], run: Run) -> None:
        self._process, self._number = process, number
        self._path = path
        self._run: Run | None = run
        self._next: dict[Any, Node] = {}
        self.calls = {call: (made, call_key(made)) for call, made in run.calls.items()}
        self.ended = dict(run.ended)

    def answered(self, call: int, answer: Answer, seen: Any) -> "Node":
        """Return the process after one more answer."""
        if (call, seen) not in self._next:
            path = (*self._path, (call, answer))
            run, self._run = self._run or self._again(), None
            run.answer(call, answer)
            self._next[call, seen] = Node(self._process, self._number, path, run)
        return self._next[call, seen]

    def close(self) -> None:
        """End the run that stands here, and those that went on from here."""
        if self._run is not None:
            self._run.close()
        for node in self._next.values():
            node.close()

    def _again(self) -> Run:
        run = Run(self._process, self._number)
        for call, answer in self._path:
            run.answer(call, answer)
        return run


class Moment(NamedTuple):
    """Where everything stands; `begun` has, by operation, those that had ended before it."""

    state: State
    nodes: tuple[Node, ...]
    begun: tuple[frozenset[int] | None, ...]
    stopped: frozenset[int]


class Step(NamedTuple):
    """How a moment was reached."""

    before: Moment
    process: int
    told: str


class Rest(NamedTuple):
    """What a state is to readers, and what is wrong with it when all processes have stopped."""

    held: Mapping[int, Held]
    wrong: str


class World:
    """What is the same for all mixes of processes: how states change, and how they are read."""

    def __init__(self, rest: Callable[[Mongomock, State], Rest]) -> None:
        self.database = Mongomock()
        self._rest = rest
        self._known: dict[State, Rest] = {}

    def at_rest(self, state: State) -> Rest:
        """Return what a state is once all processes have stopped."""
        if state not in self._known:
            self._known[state] = self._rest(self.database, state)
        return self._known[state]


class Search:
    """All moments of some processes that begin at one state; `stops` of them may stop for ever."""

    def __init__(
        self, world: World, processes: Sequence[Process], before: Documents, stops: int = 0
    ) -> None:
        self._world = world
        self._processes = processes
        self._stops = stops
        self._operations = [
            (number, caller, turn)
            for number, process in enumerate(processes)
            for caller, operations in enumerate(process.callers)
            for turn, _ in enumerate(operations)
        ]
        self._place = {place: index for index, place in enumerate(self._operations)}
        self._before = world.database.state(before)
        self._held = world.at_rest(self._before).held
        self._came_by: dict[Moment, Step | None] = {}

    def moments(self) -> int:
        """Return how many there are; raises Violation at the first that nothing explains."""
        roots = tuple(
            Node(process, number, (), Run(process, number))
            for number, process in enumerate(self._processes)
        )
        start = Moment(
            self._before,
            tuple(map(self._hurried, roots)),
            (None,) * len(self._operations),
            frozenset(),
        )
        try:
            self._visit(start)
        finally:
            for node in roots:
                node.close()
        return len(self._came_by)

    def _visit(self, start: Moment) -> None:
        self._came_by[start] = None
        waiting = [start]
        while waiting:
            moment = waiting.pop()
            self._judge(moment)
            for step, then in self._steps(moment):
                if then not in self._came_by:
                    self._came_by[then] = step
                    waiting.append(then)

    def _steps(self, moment: Moment) -> Iterator[tuple[Step, Moment]]:
        for process, node in enumerate(moment.nodes):
            if process in moment.stopped or not node.calls:
                continue
            for call in node.calls:
                yield self._step(moment, process, node, call)
            if len(moment.stopped) < self._stops and self._is_under_way(moment, process):
                stopped = moment._replace(stopped=moment.stopped | {process})
                yield Step(moment, process, "stops for ever"), stopped

    def _step(self, moment: Moment, process: int, node: Node, call: int) -> tuple[Step, Moment]:
        made, key = node.calls[call]
        state, answer, seen = self._world.database.execute(moment.state, made, key)
        then = self._hurried(node.answered(call, answer, seen))
        nodes = (*moment.nodes[:process], then, *moment.nodes[process + 1 :])
        begun = self._begun(moment, process, made, then)
        step = Step(moment, process, f"{made} -> {seen}")
        return step, Moment(state, nodes, begun, moment.stopped)

    def _hurried(self, node: Node) -> Node:
        """Return the process after the answers that are the same whenever they come."""
        while quiet := [n for n, (made, _) in node.calls.items() if made.collection in QUIET]:
            made, key = node.calls[quiet[0]]
            _, answer, seen = self._world.database.execute(self._before, made, key)
            node = node.answered(quiet[0], answer, seen)
        return node

    def _begun(
        self, moment: Moment, process: int, made: gates.Call, then: Node
    ) -> tuple[frozenset[int] | None, ...]:
        """Return what has begun: an operation begins with the first of its calls."""
        begun = list(moment.begun)
        over = self._over(moment)
        first: Any = (0, len(moment.nodes[process].ended))
        if len(self._processes[process].callers) > 1:
            first = made.arguments if made.method == START else None
        for place in dict.fromkeys([first, *then.ended] if first else then.ended):
            index = self._place.get((process, *place))
            if index is not None and begun[index] is None:
                begun[index] = over | {
                    self._place[process, *earlier]
                    for earlier in then.ended
                    if earlier[0] == place[0] and earlier[1] < place[1]
                }
        return tuple(begun)

    def _over(self, moment: Moment) -> frozenset[int]:
        """Return the operations that have ended, or never will."""
        return frozenset(
            index
            for index, (process, *place) in enumerate(self._operations)
            if tuple(place) in moment.nodes[process].ended
            or (process in moment.stopped and moment.begun[index] is not None)
        )

    def _is_under_way(self, moment: Moment, process: int) -> bool:
        return any(
            number == process
            and moment.begun[index] is not None
            and place not in moment.nodes[process].ended
            for index, (number, *rest) in enumerate(self._operations)
            for place in [tuple(rest)]
        )

    def _judge(self, moment: Moment) -> None:
        """Raise Violation unless all that was told up to here agrees with what is stored."""
        rest = self._world.at_rest(moment.state)
        asked = list(self._asked(moment))
        if rest.wrong or not explained(asked, self._held, rest.held):
            told = "\n".join(f"  {each}" for each in asked)
            raise Violation(
                f"{rest.wrong or 'no order explains what was told'}\n{self._story(moment)}\n"
                f"told:\n{told}\nheld: {rest.held}\nstored: {moment.state.documents}"
            )

    def _asked(self, moment: Moment) -> Iterator[Asked]:
        numbers: dict[int, int] = {}
        for index, after in enumerate(moment.begun):
            if after is not None:
                numbers[index] = len(numbers)
        for index in numbers:
            process, caller, turn = self._operations[index]
            ended = moment.nodes[process].ended
            meaning = self._processes[process].callers[caller][turn].meaning
            after = frozenset(numbers[n] for n in moment.begun[index] or () if n in numbers)
            told = ended.get((caller, turn))
            answered = (caller, turn) in ended and not isinstance(told, Unavailable)
            yield Asked(meaning, after, answered, told)

    def _story(self, moment: Moment) -> str:
        lines: list[str] = []
        step = self._came_by[moment]
        while step is not None:
            lines.append(f"{self._processes[step.process].name}: {step.told}")
            step = self._came_by[step.before]
        return "\n".join(reversed(lines))

"""The patience of a connection: what its client owes, until when, and what becomes of it then.

no request yet, or no further one      the connection is closed
a head that is not whole               408, after the answers to the requests before it
a body that is not whole               its application is told, and answers 408
the rest of a body that was refused    the connection is closed
an answer that is not read             the connection is aborted, with what is buffered for it

There is one timer a connection. It looks at least as often as the shortest of the times is long, so
that nothing that is said in between has to move it: a request whose packet holds all of it costs
no more than two assignments.
"""

import asyncio
import random
from abc import ABC, abstractmethod
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sitewatt.web.exchange import NO_SCOPE, Exchange
from sitewatt.web.terms import LAST_WORD, LEAST_RATE, TERMS, Terms

SOON = 0.05
"""What lies in the kernel is read within so many seconds, if the process is not behindhand."""


HASTE = 0.15
"""The part of the times for heads and bodies of which each connection has a random share less.

9,000 connections that were made in one second would else be given up in one second, too.
"""


class Patient(HttpToolsProtocol, ABC):
    """A connection with a timer; what is read and written on it is another's business."""

    _terms: Terms
    _timer: asyncio.TimerHandle | None = None
    _due: float | None = None
    """Until when the client has to do something; None while it owes nothing."""
    _share = 1.0
    """Of the times for heads and bodies, what this connection has."""
    _owed: object = None
    """That of which a part has come: the headers of a head, or the exchange of a body."""
    _in_head = False
    _in_body = False
    _body_bytes = 0
    """Those that came since they were looked at."""
    _unread: tuple[float, int] | None = None
    """When it was seen that the client reads too little, and how much was waiting for it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request; the first one has as long as a head."""
        super().connection_made(transport)
        self._terms = terms = self.app_state.get(TERMS) or Terms()
        terms.open += 1
        self._period = min(
            terms.head_timeout, terms.body_timeout, terms.answer_timeout, self.timeout_keep_alive
        )
        self._share = 1 - HASTE * random.random()  # noqa: S311  # it is no secret
        patience = LAST_WORD if terms.ending else terms.head_timeout * self._share
        self._due = self.loop.time() + patience
        self._watch(self.loop.time())

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._terms.open -= 1
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Let what is under way be the last; close where there is nothing and nothing just comes.

        uvicorn calls it when it has closed the listener. A client that has just had an answer may
        have sent its next request before it could know: it is waited for, a little.
        """
        self._terms.ending = True
        now, cycle = self.loop.time(), cast("Exchange | None", self.cycle)
        if cycle is not None and not cycle.response_complete:
            cycle.be_last()
        elif self._due is not None and not self.transport.is_closing():
            owing = self._in_head or self._in_body
            used = self._terms.head_timeout if cycle is None else self.timeout_keep_alive
            last_used = now if owing else self._due - used
            self._due = min(self._due, max(now + SOON, last_used + LAST_WORD))
            self._watch(now)

    @abstractmethod
    def _refuse_late_head(self) -> None:
        """Refuse a request whose head has not come in time."""

    def _rest(self) -> None:
        """Note that a request has been answered; wait for the next one, or for the rest of it.

        Its head is kept no longer, for who waits here may be one of ten thousand.
        """
        if self._in_head:
            return
        self.url, self.headers, self.scope = b"", [], NO_SCOPE
        if self._in_body:
            self._owed, self._due = self.cycle, self.loop.time() + self._terms.body_timeout
        else:
            # uvicorn's setting is how long, and a process that ends does not wait so long.
            self._due = self.loop.time() + self.timeout_keep_alive

    def _owe(self) -> None:
        """Note what the client has yet to send of a request, and until when.

        A head has its time from its first byte on. A body gets more with every byte, yet never more
        than if it had begun just now, and none when it is only to be thrown away.
        """
        now, terms = self.loop.time(), self._terms
        patience = self._share * (terms.head_timeout if self._in_head else terms.body_timeout)
        owed = self.headers if self._in_head else self.cycle
        if self._due is None or self._owed is not owed:
            self._owed, self._due = owed, now + patience
        elif self._in_body and not self.cycle.response_complete:
            self._due = min(self._due + self._body_bytes / LEAST_RATE, now + patience)
        self._body_bytes = 0

    def _watch(self, now: float) -> None:
        """Look again when something is due, and in any case after a while."""
        if self._timer is not None:
            self._timer.cancel()
        left = self._period if self._due is None else min(self._due - now, self._period)
        self._timer = self.loop.call_later(left, self._look)

    def _look(self) -> None:
        """Give the client up if it is too late or reads too slowly, or look again later."""
        self._timer = None
        now = self.loop.time()
        if self._is_unread(now):
            self._terms.cut["answer"] += 1
            self.transport.abort()
            return
        if self._due is not None and self._due <= now:
            self._due = None
            if not self.transport.is_closing():
                self._be_late(now)
        self._watch(now)

    def _be_late(self, now: float) -> None:
        """Do what is to be done when the time is over, unless it is us who do not read."""
        cycle = cast("Exchange | None", self.cycle)
        if self.flow.read_paused or (self._in_body and cycle and cycle.waiting_for_100_continue):
            self._due = now + self._period
        elif self._in_head:
            self._terms.cut["head"] += 1
            self._refuse_late_head()
        elif cycle is None or cycle.response_complete:
            self._terms.cut["body"] += self._in_body
            self.transport.close()
        elif self._in_body:
            self._terms.cut["body"] += not cycle.late
            cycle.be_late()

    def _is_unread(self, now: float) -> bool:
        """Return whether the client has read too little of what waits for it, for too long."""
        waiting = self.transport.get_write_buffer_size()
        if not waiting or not (self.flow.write_paused or self.transport.is_closing()):
            self._unread = None
            return False
        since, before = self._unread or (now, waiting)
        if self._unread is None or before - waiting >= LEAST_RATE * (now - since):
            since, before = now, waiting
        self._unread = since, before
        return now - since >= self._terms.answer_timeout

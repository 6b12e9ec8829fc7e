"""What somebody who steers the local Personalize can order: one class for each command.

A command's fields are its arguments, as JSON has them. `Control` is the way in for Python, the gateway's
`/_personalize/` for all else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import dacite

from local.personalize.durations import LONGEST, Durations
from local.personalize.errors import ControlError
from local.personalize.models import Fate, Life, Record
from local.personalize.service_models import SERVICES, service_model
from local.personalize.trouble import CallTrouble, LifeTrouble, as_values, matches
from local.personalize.undecided import QUESTIONS

_FASTEST = 1e6
"""Calls a second: more than anybody can make."""

if TYPE_CHECKING:
    from local.personalize.service import Personalize


class Command:
    """The base of all commands. `reads` says whether it only looks."""

    reads: ClassVar[bool] = False

    def carry_out(self, service: Personalize) -> Any:
        """Do it, under the world's lock. Raises ControlError, or ValueError for a value that can't be."""
        raise NotImplementedError


@dataclass(frozen=True)
class TroubleLives(Command):
    """Have the next lives of a kind fail with a reason, hang until released, or take a given time."""

    kind: str
    path: str = "create"
    matching: str = "*"
    times: int | None = 1
    reason: str | None = None
    hang: bool = False
    seconds: float | None = None

    def carry_out(self, service: Personalize) -> Any:
        """Check the order, and remember it."""
        kinds = service.world.kinds
        paths = kinds[_known("kind", self.kind, kinds)].paths
        path = paths[_known("path", self.path, paths)]
        if self.reason is None and not self.hang and self.seconds is None:
            raise ControlError("give a reason to fail with, hang, or seconds")
        if self.reason is not None and path.failed is None:
            raise ControlError(f"the {self.path} of a {self.kind} can't fail")
        if self.seconds is not None and not 0 <= self.seconds <= LONGEST:
            raise ControlError(f"seconds can't be {self.seconds}")
        fate = Fate(self.reason, self.hang, self.seconds)
        service.troubles.lives.append(LifeTrouble(self.kind, fate, self.path, self.matching, _times(self.times)))


@dataclass(frozen=True)
class TroubleCalls(Command):
    """Have the next calls of an operation fail, before or after they take effect."""

    operation: str
    code: str = "ThrottlingException"
    message: str = "Rate exceeded"
    after: bool = False
    status: int | None = None
    times: int | None = 1

    def carry_out(self, service: Personalize) -> Any:
        """Check the order, and remember it."""
        operation = _known("operation", self.operation, _operations())
        trouble = CallTrouble(operation, self.code, self.message, self.after, self.status, _times(self.times))
        service.troubles.calls.append(trouble)


@dataclass(frozen=True)
class CallOff(Command):
    """Call off all trouble that has not struck yet."""

    def carry_out(self, service: Personalize) -> Any:
        """Forget the orders."""
        service.troubles.clear()


@dataclass(frozen=True)
class Release(Command):
    """Let resources go on that hang; answers their ARNs."""

    matching: str = "*"

    def carry_out(self, service: Personalize) -> Any:
        """Release those that match."""
        engine, released = service.world.engine, []
        for record in list(service.world.state.records.values()):
            if matches(record, self.matching) and any(engine.release(record, life) for life in record.lives):
                released.append(record.arn)
        engine.advance()
        return released


@dataclass(frozen=True)
class SetQuotas(Command):
    """Change quotas; answers all of them."""

    quotas: Mapping[str, int]

    def carry_out(self, service: Personalize) -> Any:
        """Change those that are named."""
        for key, value in self.quotas.items():
            _known("quota", key, service.world.quotas)
            if value < 0:
                raise ControlError(f"{key} can't be {value}")
        service.world.quotas.update(self.quotas)
        return service.world.quotas


@dataclass(frozen=True)
class Decide(Command):
    """Decide what no document settles (see the README's table); answers how all of it is decided."""

    decisions: Mapping[str, str] = field(default_factory=dict)

    def carry_out(self, service: Personalize) -> Any:
        """Change those that are named."""
        for name, choice in self.decisions.items():
            _known(f"choice for {name}", choice, QUESTIONS[_known("question", name, QUESTIONS)].choices)
        service.world.decisions.update(self.decisions)
        return service.world.decisions


@dataclass(frozen=True)
class SetRates(Command):
    """Throttle operations above so many calls a second ("*": each of the others); null lifts it. Answers all."""

    rates: Mapping[str, float | None]

    def carry_out(self, service: Personalize) -> Any:
        """Change those that are named."""
        for operation, rate in self.rates.items():
            _known("operation", operation, _operations())
            if rate is not None and not 0 < rate <= _FASTEST:
                raise ControlError(f"the rate of {operation} can't be {rate}")
        service.troubles.set_rates(self.rates)
        return service.troubles.rates


@dataclass(frozen=True)
class SetLag(Command):
    """Have Describe and List be behind by so many seconds; 0 lifts it."""

    seconds: float

    def carry_out(self, service: Personalize) -> Any:
        """Take the new one."""
        if not 0 <= self.seconds <= LONGEST:
            raise ControlError(f"seconds can't be {self.seconds}")
        service.world.lag = self.seconds


@dataclass(frozen=True)
class SetDurations(Command):
    """Change how long things take that begin from now on: a profile, or spans by kind and path."""

    durations: Any
    seed: int = 0

    def carry_out(self, service: Personalize) -> Any:
        """Take the new ones."""
        if not isinstance(self.durations, str):
            for kind in self.durations if isinstance(self.durations, Mapping) else ():
                _known("kind", kind, ["*", *service.world.kinds])
        service.world.engine.durations = Durations(self.durations, self.seed)


@dataclass(frozen=True)
class Clock(Command):
    """Freeze the clock or let it run, move it ahead, or both; answers how it stands. All who share it follow."""

    advance: float = 0.0
    frozen: bool | None = None

    def carry_out(self, service: Personalize) -> Any:
        """Freeze first, so that the moment is exact."""
        clock = service.clock
        if self.frozen is True:
            clock.freeze()
        if self.advance:
            clock.advance(self.advance)
        if self.frozen is False:
            clock.run()
        return {"now": clock(), "frozen": clock.frozen}


@dataclass(frozen=True)
class Settings(Command):
    """Show the clock, quotas, rates, decisions, and the trouble that is ordered."""

    reads = True

    def carry_out(self, service: Personalize) -> Any:
        """Look."""
        troubles = service.troubles
        return {
            "clock": {"now": service.clock(), "frozen": service.clock.frozen},
            "quotas": service.world.quotas,
            "rates": troubles.rates,
            "decisions": service.world.decisions,
            "lag": service.world.lag,
            "lives": [as_values(each) for each in troubles.lives],
            "calls": [as_values(each) for each in troubles.calls],
        }


@dataclass(frozen=True)
class Resources(Command):
    """Show the resources, and the last of those that are gone, with the statuses that they had and when."""

    reads = True
    kind: str | None = None
    matching: str = "*"

    def carry_out(self, service: Personalize) -> Any:
        """Look."""
        if self.kind is not None:
            _known("kind", self.kind, service.world.kinds)
        there, gone = service.world.state.records.values(), service.world.journal.gone
        return [_shown(r, gone=False) for r in there if self._wanted(r)] + [
            _shown(r, gone=True) for r in gone if self._wanted(r)
        ]

    def _wanted(self, record: Record) -> bool:
        return self.kind in (None, record.kind) and matches(record, self.matching)


@dataclass(frozen=True)
class Calls(Command):
    """Show the last calls, oldest first."""

    reads = True
    operation: str | None = None

    def carry_out(self, service: Personalize) -> Any:
        """Look."""
        calls = list(service.world.journal.calls)
        return [vars(call) for call in calls if self.operation in (None, call.operation)]


@dataclass(frozen=True)
class Forget(Command):
    """Forget the calls, and the resources that are gone."""

    def carry_out(self, service: Personalize) -> Any:
        """Clear the journal."""
        service.world.journal.forget()


@dataclass(frozen=True)
class Reset(Command):
    """Be as new: nothing made, no trouble ordered, quotas, rates and durations as at the start."""

    def carry_out(self, service: Personalize) -> Any:
        """Begin anew; the clock stays, for it is not this account's alone."""
        service.reset()


COMMANDS: Mapping[str, type[Command]] = {
    "trouble-lives": TroubleLives,
    "trouble-calls": TroubleCalls,
    "call-off": CallOff,
    "release": Release,
    "quotas": SetQuotas,
    "decisions": Decide,
    "rates": SetRates,
    "lag": SetLag,
    "durations": SetDurations,
    "clock": Clock,
    "settings": Settings,
    "resources": Resources,
    "calls": Calls,
    "forget": Forget,
    "reset": Reset,
}


class Console:
    """Carries out commands on one account's Personalize in one region."""

    def __init__(self, service: Personalize) -> None:
        self._service = service

    def perform(self, command: str, arguments: Mapping[str, Any]) -> Any:
        """Carry out a command; what it answers is plain JSON. Raises ControlError."""
        kind = COMMANDS[_known("command", command, COMMANDS)]
        try:
            order = dacite.from_dict(kind, arguments, dacite.Config(strict=True))
            if kind is Clock:  # it takes the locks of all who share the clock, one after the other: hold none
                return _plain(order.carry_out(self._service))
            with self._service.world.lock:
                self._service.advance()
                return _plain(order.carry_out(self._service))
        except (ValueError, dacite.DaciteError) as error:
            raise ControlError(f"{command}: {error}") from error


def _known(what: str, name: str, names: Any) -> str:
    if name not in names:
        raise ControlError(f"there is no {what} {name!r}; there are {', '.join(names)}")
    return name


def _operations() -> list[str]:
    return ["*", *(name for service in SERVICES for name in service_model(service).operation_names)]


def _times(times: int | None) -> int | None:
    if times is not None and times < 1:
        raise ControlError(f"times can't be {times}")
    return times


def _shown(record: Record, *, gone: bool) -> dict[str, Any]:
    shown = {"kind": record.kind, "arn": record.arn, "name": record.name, "gone": gone, **_life(record.life)}
    if record.update:
        shown["update"] = _life(record.update.life)
    if record.appointment:
        shown["appointment"] = record.appointment.due
    return shown


def _life(life: Life) -> dict[str, Any]:
    return {
        "status": life.status,
        "failureReason": life.failure_reason,
        "due": life.due,
        "hangs": life.under_way and life.due is None,
        "timeline": [{"time": moment, "status": status} for moment, status in life.timeline],
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | deque | Iterator):
        return [_plain(each) for each in value]
    return value

"""The control of a training that is going on: nudges when an epoch ends, the way back, pauses and stops, as asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from goodfit.engine.control import Action, Change, Checkpoint, Fork, Progress, Return, Stop, Wait
from goodfit.engine.moment import Keep, Moment
from goodfit.live.nudge_effect import Worth
from goodfit.live.telemetry import Broadcast
from goodfit.plan import Plan, Structure, canonical_settings
from goodfit.record.nudge import REWIND, Nudge, standing
from goodfit.run_folder import nudges
from goodfit.run_folder.mailbox import Inbox, Request, now
from goodfit.run_folder.nudges import nudged

_MOST_ANSWERS = 100  # kept for who waits
_MOST_TOLD = 20
_OVER = "the training has ended; only its untouched copies train on"

Earlier = Callable[[int, Sequence[Nudge]], list[Moment]]
Actions = dict[int, list[Action]]


@dataclass
class Live:
    """The control of one run: of its model, which is job 0, of its siblings with other seeds, and of their copies.

    All train in step. Nothing that stands in the file of requests can end the training otherwise than it may: what is
    wrong there is told and left.

    Attributes:
        folder: the run's.
        plan: as it is now.
        begun: the structure that was compiled.
        worth: compares nudged models with untouched copies.
        earlier: forgets what came after an epoch, and gives a moment of each model: the newest up to that epoch, by
            the plan that nudges had made of it.
        keeps: what a checkpoint of a job is handed to, where one is asked for or the training pauses.
        made: all nudges so far, of before the training was cut off, too: those are made again, if their epochs come.
        replay: nudges to be made at their epochs for the first time.
        told: sentences on what was left, the first few.
        paused: whether it waits.
        until: it pauses when this epoch has ended.
    """

    folder: Path
    plan: Plan
    begun: Structure
    worth: Worth
    earlier: Earlier
    keeps: Mapping[int, Keep] = field(default_factory=dict)
    made: list[Nudge] = field(default_factory=list)
    replay: list[Nudge] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    paused: bool = False
    until: int | None = None
    _logged: list[Nudge] = field(init=False)
    _pending: list[Request] = field(init=False)
    _stop: Request | None = field(default=None, init=False)
    _keep: list[Request] = field(default_factory=list, init=False)
    _answers: dict[str, dict[str, Any]] = field(init=False)
    _inbox: Inbox = field(init=False)
    _broadcast: Broadcast = field(init=False)
    _hurry: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        """Take up the nudges that were asked for before the training was cut off, and not answered."""
        self._logged, self._inbox = standing(self.made), Inbox(self.folder)
        self._broadcast = Broadcast(self.folder, dict(self.worth.copies))
        self._answers = now(self.folder).get("answers", {})
        answered = {*self._answers, *(nudge.request for nudge in self.made)}
        lines = chain.from_iterable(iter(self._inbox.lines, []))
        before = [request for line in lines if (request := self._request(line))]
        self._pending = [each for each in before if each.kind == "nudge" and each.id not in answered]

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """The epoch of the next nudge that is known; where one could not be made in the middle of an epoch, its end."""
        known = [nudge.epoch for nudge in (*self._logged, *self.replay)]
        asked = [epoch + 1] if self._pending or self._stop else []
        pause = [] if self.until is None else [self.until]
        return min((due for due in (*known, *asked, *pause) if due > epoch), default=None)

    def __call__(self, progress: list[Progress]) -> Actions:
        """What is due and what was asked."""
        self._broadcast.records(progress)
        own = progress[0]  # the model; where that has ended, what goes on beside it
        over, waited = own.job != 0, self.paused
        for request in self._keep:  # the checkpoint was taken at the last visit
            self._answer(request, own.epoch)
        self._keep = []
        for line in self._inbox.lines():
            if request := self._request(line):
                self._take(request, own.epoch)
        actions: Actions = {each.job: [] for each in progress}
        if own.between_epochs and not over:
            self._nudge(progress, actions)
        self._logged, self.replay = (
            [nudge for nudge in known if nudge.epoch > own.epoch] for known in (self._logged, self.replay)
        )
        made = len(self.made)
        self._go_back(own, over, progress, actions)
        returned = len(self.made) > made
        if self._stop and own.epoch:  # before the first has ended there is no network to keep
            self._answer(self._stop, own.epoch)
            stop = Stop(f"stopped after epoch {own.epoch} ({self._stop.who})")
            actions = {job: [*of_job, stop] for job, of_job in actions.items()}
        if not returned and self.until is not None and own.epoch >= self.until and own.between_epochs:
            self.paused, self.until, self._hurry = True, None, True
        waits = self.paused and not self._stop
        if waits:
            actions[own.job].append(Wait())
        if self._keep or (waits and not waited):
            for job in actions.keys() & self.keeps.keys():
                actions[job].append(Checkpoint(self.keeps[job]))
        facts = {"paused": self.paused, "until": self.until, "plan": self.plan.to_dict(), "answers": self._answers}
        self._broadcast.now(own, waits, self._hurry, **facts, worth=self.worth.to_list())
        self._hurry = False
        return actions

    def _take(self, request: Request, epoch: int) -> None:
        if request.id in self._answers:  # who wrote the file anew wrote old lines, too
            return
        match request.kind:
            case "nudge" | "rewind":
                self._pending.append(request)
            case "stop":
                self._stop = request
            case "keep":
                self._keep.append(request)
            case "pause" | "unpause":
                self.paused = request.kind == "pause"
                self.until = None if self.paused or request.to is None or request.to <= epoch else request.to
                self._answer(request, epoch)

    def _nudge(self, progress: list[Progress], actions: Actions) -> None:
        """Make the nudges of this epoch; where there are untouched copies, they go on from the models as they were."""
        epoch = progress[0].epoch
        before, known = len(self.made), [nudge for nudge in self._logged if nudge.epoch == epoch]
        changes = [*self._known(epoch), *self._asked(epoch)]
        due = self.worth.due(progress, closes=bool(changes))
        for job, looks in due.items():
            actions[job] += looks
        if not changes:
            return
        comparison = self.worth.begins(epoch, [*known, *self.made[before:]], [each.job for each in progress])
        if comparison:
            self._broadcast.anew(list(comparison.pairs.values()), epoch)
        for job in actions.keys() - set(self.worth.copies.values()):
            if comparison and job in comparison.pairs:
                actions[job].append(Fork((comparison.pairs[job],)))
            actions[job] += changes

    def _known(self, epoch: int) -> Iterator[Action]:
        """Nudges of this epoch that are logged, or are to be replayed."""
        for nudge in self._logged:
            if nudge.epoch == epoch:
                yield self._change({nudge.what: nudge.new}, epoch)
        for nudge in self.replay:
            if nudge.epoch == epoch:
                again = Nudge(nudge.what, self.plan.to_dict()[nudge.what], nudge.new, epoch, "replay", _now())
                yield self._change({nudge.what: nudge.new}, epoch)
                self.made.append(again)
                try:
                    nudges.append(self.folder, [again])
                except OSError as error:
                    self._leave(f"the replay of {nudge.what} could not be logged ({error.strerror})")

    def _asked(self, epoch: int) -> Iterator[Action]:
        """Nudges that other processes asked for; they come after all that were made before the training was cut off."""
        if any(nudge.epoch > epoch for nudge in self._logged):
            return
        pending = [request for request in self._pending if request.kind == "nudge"]
        self._pending = [request for request in self._pending if request.kind == "rewind"]
        for request in pending:
            before = self.plan
            try:
                changes = canonical_settings(request.changes)
                change = self._change(changes, epoch)
                old, new = before.to_dict(), self.plan.to_dict()
                made = [Nudge(name, old[name], new[name], epoch, request.who, _now(), request.id) for name in changes]
                nudges.append(self.folder, made)
            except Exception as error:  # whatever a wrong value or a full disk does, the training goes on as it was
                self.plan = before
                self._answer(request, epoch, refused=" ".join(str(error).split()))
                self._leave(f"a nudge ({request.who}) was left: {error}")
            else:
                self.made += made
                self._answer(request, epoch, made=[[each.what, each.old, each.new] for each in made])
                yield change

    def _go_back(self, own: Progress, over: bool, progress: list[Progress], actions: Actions) -> None:
        """Return every model to an earlier moment, if that was asked, and refuse what the training is past."""
        for request in self._pending:
            if over:
                self._answer(request, own.epoch, refused=_OVER)
            elif request.kind == "rewind" and not self._return(request, own, progress, actions):
                why = f"this training is in epoch {own.epoch}; it can go back to one before"
                self._answer(request, own.epoch, refused=f"cannot go back to epoch {request.to}: {why}")
        self._pending = [] if over else [request for request in self._pending if request.kind == "nudge"]

    def _return(self, request: Request, own: Progress, progress: list[Progress], actions: Actions) -> bool:
        """Return to the newest moment up to an epoch and pause at that; returns whether there is one."""
        to = request.to
        if to is None or to >= own.epoch:
            return False
        back = Nudge(REWIND, own.epoch, to, own.epoch, request.who, _now(), request.id)
        stay = standing([*self.made, back])
        again = stay[-1].epoch if stay and self.worth.copies else to  # its copies start anew
        moments = self.earlier(min(again, to), stay)
        try:
            nudges.append(self.folder, [back])
        except OSError as error:
            self._answer(request, own.epoch, refused=f"cannot write to {self.folder} ({error.strerror})")
            return True
        self.made.append(back)
        self.plan, epoch = moments[0].plan, moments[0].epoch
        self._logged, self.until, self.paused = [nudge for nudge in stay if nudge.epoch >= epoch], to, False
        self.worth.back(min(again, to))
        pairs = [job for job in actions if job not in self.worth.copies.values()]
        for each in progress:
            way = Return(moments[each.job]) if each.job in pairs else Stop("the run went back")
            actions[each.job] = [way, Wait()]  # and asks again at once: a nudge may be due at this moment
        self._broadcast.anew(pairs)
        self._answer(request, to, rewind=[own.epoch, to])
        return True

    def _change(self, numbers: dict[str, Any], epoch: int) -> Change:
        """Change the plan, as the engine will."""
        plan = nudged(self.plan, self.begun, numbers, epoch)
        _ = plan.hyperparameters  # too large a whole number fails here, not in the engine
        self.plan = plan
        return Change(numbers)

    def _request(self, line: bytes) -> Request | None:
        """The request in a line, or nothing."""
        try:
            return Request.read(line)
        except ValueError:
            self._leave(f"a line among the requests to this training is none: {line[:40]!r}")
            return None

    def _leave(self, sentence: str) -> None:
        if len(self.told) < _MOST_TOLD:
            self.told.append(sentence)

    def _answer(self, request: Request, epoch: int, **facts: Any) -> None:
        answers = list(self._answers.items())[1 - _MOST_ANSWERS :]
        self._answers = dict(answers) | {request.id: {"epoch": epoch} | facts}
        self._hurry = True


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")

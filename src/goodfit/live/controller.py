"""Control of a live training: nudges at epoch boundaries, rewinds, pauses and stops, as other processes request."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from goodfit.engine.control import Action, Change, Checkpoint, Fork, Progress, Return, Stop, Wait
from goodfit.engine.moment import Keep, Moment
from goodfit.live.nudge_effect import EffectTracker
from goodfit.live.request_book import RequestBook
from goodfit.live.telemetry import Telemetry
from goodfit.plan import Plan, Structure, canonical_settings
from goodfit.record.nudge import REWIND, Nudge, standing
from goodfit.run_folder import nudges as nudge_log
from goodfit.run_folder.mailbox import Request

_MODEL_ENDED = "the training has ended; only its untouched copies train on"

FindMoments = Callable[[int, Sequence[Nudge]], list[Moment]]
Actions = dict[int, list[Action]]


@dataclass
class LiveControl:
    """The control of one run: of its model, which is job 0, of siblings with other seeds, and of their copies.

    All of them train in step. A malformed request never stops training; it is reported and skipped.

    Attributes:
        folder: the run's.
        plan: as nudged so far.
        structure: that the program was compiled for.
        effects: compares nudged models with untouched copies.
        rewind_moments: removes the checkpoints after an epoch, and returns the newest moment of each model up to it,
            with the plan that the given nudges had made of it.
        keepers: by job, receive a checkpoint when one is requested or the training pauses.
        nudges: all so far. Includes nudges from before an interruption; they are re-applied at their epochs.
        replay: another run's nudges, to be made at their epochs.
        paused: True while it waits.
        pause_epoch: after which it pauses.
        requests: of other processes, with the answers and the problems met.
    """

    folder: Path
    plan: Plan
    structure: Structure
    effects: EffectTracker
    rewind_moments: FindMoments
    keepers: Mapping[int, Keep] = field(default_factory=dict)
    nudges: list[Nudge] = field(default_factory=list)
    replay: list[Nudge] = field(default_factory=list)
    paused: bool = False
    pause_epoch: int | None = None
    requests: RequestBook = field(init=False)
    _logged: list[Nudge] = field(init=False)
    _pending: list[Request] = field(init=False)
    _stop: Request | None = field(default=None, init=False)
    _checkpoints: list[Request] = field(default_factory=list, init=False)
    _telemetry: Telemetry = field(init=False)
    _written: tuple[object, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        """Take up the nudges that were requested before an interruption and not answered."""
        self._logged, self.requests = standing(self.nudges), RequestBook(self.folder)
        self._telemetry = Telemetry(self.folder, self.effects.copies)
        self._pending = self.requests.unanswered_nudges([nudge.request for nudge in self.nudges])

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """Return the epoch of the next nudge or pause; a request that came inside an epoch waits for its end."""
        planned = [nudge.epoch for nudge in (*self._logged, *self.replay)]
        requested = [epoch + 1] if self._pending or self._stop else []
        pause = [] if self.pause_epoch is None else [self.pause_epoch]
        return min((visit for visit in (*planned, *requested, *pause) if visit > epoch), default=None)

    def __call__(self, progress: list[Progress]) -> Actions:
        """Return the actions that are due or were requested."""
        self._telemetry.write_records(progress)
        model = progress[0]  # once the watched model has ended, the first copy that trains on
        has_ended, was_paused = model.job != 0, self.paused
        self._read_requests(model.epoch)
        actions: Actions = {entry.job: [] for entry in progress}
        if model.between_epochs and not has_ended:
            self._nudge(progress, actions)
        self._logged = [nudge for nudge in self._logged if nudge.epoch > model.epoch]
        self.replay = [nudge for nudge in self.replay if nudge.epoch > model.epoch]
        rewound = self._answer_pending(model, has_ended, progress, actions)
        if self._stop and model.epoch:  # before the first epoch has ended there is no network to keep
            self.requests.answer(self._stop, model.epoch)
            stop = Stop(f"stopped after epoch {model.epoch} ({self._stop.sender})")
            actions = {job: [*replies, stop] for job, replies in actions.items()}
        is_due = self.pause_epoch is not None and model.epoch >= self.pause_epoch
        if is_due and not rewound and model.between_epochs:
            self.paused, self.pause_epoch = True, None
        waiting = self.paused and not self._stop
        if waiting:
            actions[model.job].append(Wait())
        # A pause may last for days, so what was trained by then goes to the disk when it begins.
        if self._checkpoints or (waiting and not was_paused):
            for job in actions.keys() & self.keepers.keys():
                actions[job].append(Checkpoint(self.keepers[job]))
        self._write_state(model, waiting)
        return actions

    def _read_requests(self, epoch: int) -> None:
        for request in self._checkpoints:  # taken at the last visit
            self.requests.answer(request, epoch)
        self._checkpoints = []
        for request in self.requests.new():
            self._accept(request, epoch)

    def _accept(self, request: Request, epoch: int) -> None:
        match request.kind:
            case "nudge" | "rewind":
                self._pending.append(request)
            case "stop":
                self._stop = request
            case "keep":
                self._checkpoints.append(request)
            case "pause" | "unpause":
                self.paused = request.kind == "pause"
                reached = request.to is None or request.to <= epoch
                self.pause_epoch = None if self.paused or reached else request.to
                self.requests.answer(request, epoch)

    def _nudge(self, progress: list[Progress], actions: Actions) -> None:
        """Make the nudges of this epoch; untouched copies continue from the models as they were before."""
        epoch = progress[0].epoch
        count, logged = len(self.nudges), [nudge for nudge in self._logged if nudge.epoch == epoch]
        changes = [*self._planned_changes(epoch), *self._requested_changes(epoch)]
        for job, looks in self.effects.looks(progress, closes=bool(changes)).items():
            actions[job] += looks
        if not changes:
            return
        comparison = self.effects.start(epoch, [*logged, *self.nudges[count:]], [model.job for model in progress])
        if comparison:
            self._telemetry.restart_series(list(comparison.pairs.values()), epoch)
        # The engine forks before it changes numbers, so a copy continues from its model as it was before the nudge.
        for job in actions.keys() - set(self.effects.copies.values()):
            if comparison and job in comparison.pairs:
                actions[job].append(Fork((comparison.pairs[job],)))
            actions[job] += changes

    def _planned_changes(self, epoch: int) -> Iterator[Action]:
        """Yield the changes of this epoch that are logged already, then those to be replayed, which are logged now."""
        for nudge in self._logged:
            if nudge.epoch == epoch:
                yield self._change({nudge.setting: nudge.new}, epoch)
        for nudge in self.replay:
            if nudge.epoch == epoch:
                replayed = Nudge(
                    nudge.setting, self.plan.to_dict()[nudge.setting], nudge.new, epoch, "replay", _timestamp()
                )
                yield self._change({nudge.setting: nudge.new}, epoch)
                self.nudges.append(replayed)
                try:
                    nudge_log.append(self.folder, [replayed])
                except OSError as error:
                    self.requests.report(f"the replay of {nudge.setting} could not be logged ({error.strerror})")

    def _requested_changes(self, epoch: int) -> Iterator[Action]:
        """Yield the changes that other processes requested, once all nudges from before an interruption are made."""
        if any(nudge.epoch > epoch for nudge in self._logged):
            return
        requests = [request for request in self._pending if request.kind == "nudge"]
        self._pending = [request for request in self._pending if request.kind == "rewind"]
        for request in requests:
            plan = self.plan
            try:
                values = canonical_settings(request.changes)
                change = self._change(values, epoch)
                old, new = plan.to_dict(), self.plan.to_dict()
                nudges = [
                    Nudge(name, old[name], new[name], epoch, request.sender, _timestamp(), request.id)
                    for name in values
                ]
                # Logged before it is made: a training resumed after a crash in between makes it all the same.
                nudge_log.append(self.folder, nudges)
            # Neither a wrong value nor a full disk may end the training: it continues as it was.
            except Exception as error:
                self.plan = plan
                self.requests.answer(request, epoch, refused=" ".join(str(error).split()))
                self.requests.report(f"a nudge ({request.sender}) was skipped: {error}")
            else:
                self.nudges += nudges
                self.requests.answer(
                    request, epoch, changes=tuple((nudge.setting, nudge.old, nudge.new) for nudge in nudges)
                )
                yield change

    def _answer_pending(self, model: Progress, has_ended: bool, progress: list[Progress], actions: Actions) -> bool:
        """Rewind or refuse what is pending; return True if the training was rewound."""
        rewound = False
        for request in self._pending:
            if has_ended:
                self.requests.answer(request, model.epoch, refused=_MODEL_ENDED)
            elif request.kind == "rewind" and request.to is not None and request.to < model.epoch:
                rewound |= self._rewind(request, request.to, model, progress, actions)
            elif request.kind == "rewind":
                reason = f"this training is in epoch {model.epoch}; give an earlier epoch"
                self.requests.answer(request, model.epoch, refused=f"cannot rewind to epoch {request.to}: {reason}")
        self._pending = [] if has_ended else [request for request in self._pending if request.kind == "nudge"]
        return rewound

    def _rewind(
        self, request: Request, epoch: int, model: Progress, progress: list[Progress], actions: Actions
    ) -> bool:
        """Return all models to their newest moment up to an epoch, to pause at that epoch; False if refused."""
        entry = Nudge(REWIND, model.epoch, epoch, model.epoch, request.sender, _timestamp(), request.id)
        remaining = standing([*self.nudges, entry])
        # With copies, go back to the last remaining nudge, so that its copies start anew from there.
        start = min(remaining[-1].epoch, epoch) if remaining and self.effects.copies else epoch
        moments = self.rewind_moments(start, remaining)
        try:
            nudge_log.append(self.folder, [entry])
        except OSError as error:
            self.requests.answer(request, model.epoch, refused=f"cannot write to {self.folder} ({error.strerror})")
            return False
        self.nudges.append(entry)
        self.plan = moments[0].plan
        # The moment may lie before the requested epoch: the nudges on the way are made again.
        self._logged = [nudge for nudge in remaining if nudge.epoch >= moments[0].epoch]
        self.pause_epoch, self.paused = epoch, False
        self.effects.forget_from(start)
        models = [job for job in actions if job not in self.effects.copies.values()]
        # Copies stop here; a nudge that is made again starts them anew.
        for entry in progress:
            step = Return(moments[entry.job]) if entry.job in models else Stop("the run was rewound")
            actions[entry.job] = [step, Wait()]  # wait, to be called again at once: a nudge may be due at this moment
        self._telemetry.restart_series(models)
        self.requests.answer(request, epoch, rewind=(model.epoch, epoch))
        return True

    def _change(self, values: Mapping[str, Any], epoch: int) -> Change:
        """Change the plan as the engine will.

        Raises:
            PlanError: the plan does not allow it, or the program was compiled without it.
        """
        plan = nudge_log.nudged(self.plan, self.structure, dict(values), epoch)
        _ = plan.hyperparameters  # an integer that is too large fails here, not in the engine
        self.plan = plan
        return Change(values)

    def _write_state(self, model: Progress, waiting: bool) -> None:
        # Somebody waits for an answer or a pause: these are written at once.
        news = (self.requests.answers, self.paused, self.pause_epoch)
        self._telemetry.write_state(
            model,
            waiting=waiting,
            at_once=news != self._written,
            paused=self.paused,
            pause_epoch=self.pause_epoch,
            plan=self.plan,
            answers=self.requests.answers,
            effects=self.effects.effects,
        )
        self._written = news


def _timestamp() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")

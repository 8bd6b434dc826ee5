"""The loop: baselines, then rounds of diagnosis, prescription and experiment, then variations while there is time."""

from itertools import takewhile

from goodfit.data.dataset import Fold, Splits
from goodfit.data.splits import draw_folds
from goodfit.experiments.clock import Clock
from goodfit.experiments.default_plans import default_plan
from goodfit.experiments.laboratory import Laboratory
from goodfit.experiments.progress import Notify
from goodfit.experiments.training_cache import TrainingCache
from goodfit.interrupt import interruptible
from goodfit.loop.baselines import measure_baselines
from goodfit.loop.experiments import run_experiments
from goodfit.loop.learning_curve import DATA_CURVE, measure_learning_curve
from goodfit.loop.proposals import prescribe
from goodfit.loop.round_diagnosis import diagnose, dominating_gap, measure_mirroring
from goodfit.loop.state import LoopContext, LoopSettings, LoopState
from goodfit.loop.variations import try_variations
from goodfit.run_folder.journal import Journal

_ROUNDS_WITHOUT_ADOPTION = 2  # in a row end the loop; the second has tried larger doses of what looked promising
_SNAPSHOTS = 2  # parameters kept at half time and at the end, as candidates for the ensemble


def open_loop(
    splits: Splits,
    settings: LoopSettings,
    journal: Journal,
    clock: Clock,
    notify: Notify,
    cache: TrainingCache | None = None,
) -> LoopContext:
    """Return the settings and services of a job.

    Args:
        splits: the data.
        settings: options of the job.
        journal: receives a line for each step.
        clock: makes the decisions that depend on the time left.
        notify: receives the progress of the trainings.
        cache: the job's earlier trainings, where it can be resumed.
    """
    folds = draw_folds(splits, settings.folds, settings.seed) if settings.folds else [Fold(splits.train, splits.dev)]
    laboratory = Laboratory(splits, folds, clock, notify, cache=cache)
    return LoopContext(settings, laboratory, journal, clock, default_plan(splits).with_(snapshots=_SNAPSHOTS))


def run_loop(context: LoopContext) -> LoopState:
    """Run the whole loop but the ensemble and the final test; Ctrl-C ends it with what was measured so far."""
    with interruptible(context.clock.interrupt):
        state = run_rounds(measure_baselines(context), context)
        # Variations fill the time that is left; a run by rounds must not depend on the time.
        if context.settings.rounds is None and not context.interrupted:
            state = try_variations(state, context)
    return state


def run_rounds(state: LoopState, context: LoopContext) -> LoopState:
    """Diagnose, prescribe and experiment until the fit is good, nothing more helps, or the time is spent."""
    while not context.interrupted and _is_round_due(state, context):
        state = diagnose(state, context)
        if state.current_round.gaps.verdict == "good fit":
            break
        gap = dominating_gap(state.current_round)
        if gap == "variance":  # "more data" is the recipe's first answer to variance: estimate its worth
            state = measure_learning_curve(state, DATA_CURVE, context)
        if context.interrupted:
            break
        state = measure_mirroring(state, context)
        state = run_experiments(state, prescribe(state, gap, context), context)
        if not state.current_round.experiments:
            break
    return state


def _is_round_due(state: LoopState, context: LoopContext) -> bool:
    """True if another round is allowed, promising, and there is time for it."""
    limit = context.settings.rounds
    fruitless = len(list(takewhile(lambda past_round: not past_round.adopted, reversed(state.rounds))))
    if (limit is not None and len(state.rounds) >= limit) or fruitless >= _ROUNDS_WITHOUT_ADOPTION:
        return False
    return context.has_time_for_round()

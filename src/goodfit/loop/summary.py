"""The loop's rounds as typed values, which the result holds."""

from goodfit.loop.state import Experiment, LoopState, Round
from goodfit.record.rounds import ExperimentResult, RoundResult
from goodfit.record.run import Outcome
from goodfit.run_folder.summary import effect_estimate, finding_result, gap_figures

# From best to worst: an experiment is shown with the worst outcome of its trainings.
_BADNESS = (
    Outcome.FINISHED,
    Outcome.STOPPED_EARLY,
    Outcome.STOPPED,
    Outcome.INTERRUPTED,
    Outcome.HOPELESS,
    Outcome.DIVERGED,
)


def round_results(state: LoopState) -> tuple[RoundResult, ...]:
    """Return the rounds with all experiments."""
    return tuple(_round_result(finished) for finished in state.rounds)


def _round_result(finished: Round) -> RoundResult:
    return RoundResult(
        **gap_figures(finished.gaps).field_values(),
        number=finished.number,
        train_error=finished.incumbent.train_error,
        dev_error=finished.incumbent.dev_error,
        plan=finished.incumbent.plan,
        seeds=len(finished.incumbent.seeds),
        findings=tuple(finding_result(finding) for finding in finished.findings),
        experiments=tuple(_experiment_result(experiment) for experiment in finished.experiments),
    )


def _experiment_result(experiment: Experiment) -> ExperimentResult:
    measurement, proposal = experiment.measurement, experiment.proposal
    outcomes = [run.outcome for runs in measurement.runs for run in runs]
    return ExperimentResult(
        id=proposal.id,
        prescription=proposal.name,
        why=proposal.why,
        changes=proposal.changes,
        error_effect=effect_estimate(experiment.error),
        cost_effect=effect_estimate(experiment.cost),
        p_holm=experiment.p_holm,
        train_error=measurement.train_error,
        dev_error=measurement.dev_error,
        adopted=experiment.adopted,
        against=proposal.against,
        cured=experiment.cured,
        outcome=str(max(outcomes, key=_BADNESS.index)),
        seconds=measurement.seconds,
    )

"""The loop's rounds and the ensemble as plain values: what `--json` prints, and what the report shows."""

from typing import Any

from goodfit.loop.state import Experiment, LoopState, Round
from goodfit.record.run import Outcome
from goodfit.run_folder.summary import of_finding, of_gaps

_BADNESS = (
    Outcome.FINISHED,
    Outcome.STOPPED_EARLY,
    Outcome.STOPPED,
    Outcome.INTERRUPTED,
    Outcome.HOPELESS,
    Outcome.DIVERGED,
)


def rounds_facts(state: LoopState) -> list[dict[str, Any]]:
    """Return the rounds with all experiments."""
    return [_round_facts(finished) for finished in state.rounds]


def _round_facts(finished: Round) -> dict[str, Any]:
    return {
        "round": finished.number,
        **of_gaps(finished.gaps),
        "train_error": finished.incumbent.train_error,
        "dev_error": finished.incumbent.dev_error,
        "plan": finished.incumbent.plan.to_dict(),
        "seeds": len(finished.incumbent.seeds),
        "findings": [of_finding(finding) for finding in finished.findings],
        "tried": [_experiment_facts(experiment) for experiment in finished.experiments],
    }


def _experiment_facts(experiment: Experiment) -> dict[str, Any]:
    measurement, proposal = experiment.measurement, experiment.proposal
    outcomes = [run.outcome for runs in measurement.runs for run in runs]
    return {
        "id": proposal.id,
        "prescription": proposal.name,
        "why": proposal.why,
        "changes": proposal.changes,
        "effect": experiment.error.effect,
        "low": experiment.error.low,
        "high": experiment.error.high,
        "significant": experiment.error.significant,
        "cost_effect": experiment.cost.effect,
        "cost_low": experiment.cost.low,
        "cost_high": experiment.cost.high,
        "cost_significant": experiment.cost.significant,
        "p": experiment.cost.p,
        "p_holm": experiment.p_holm,
        "train_error": measurement.train_error,
        "dev_error": measurement.dev_error,
        "adopted": experiment.adopted,
        "against": proposal.against,
        "cured": experiment.cured,
        "outcome": str(max(outcomes, key=_BADNESS.index)),
        "seconds": measurement.seconds,
    }

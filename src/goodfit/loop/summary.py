"""The loop's rounds and the ensemble as plain values: what `--json` prints, and what the report shows."""

from typing import Any

from goodfit.loop.loop import Loop
from goodfit.loop.rounds import Round, Tried
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


def of_rounds(loop: Loop) -> list[dict[str, Any]]:
    """The rounds with all that was tried."""
    return [_of_round(turn) for turn in loop.rounds]


def _of_round(turn: Round) -> dict[str, Any]:
    return {
        "round": turn.number,
        **of_gaps(turn.gaps),
        "train_error": turn.incumbent.train_error,
        "dev_error": turn.incumbent.dev_error,
        "plan": turn.incumbent.plan.to_dict(),
        "seeds": len(turn.incumbent.seeds),
        "findings": [of_finding(finding) for finding in turn.findings],
        "tried": [_of_tried(tried) for tried in turn.tried],
    }


def _of_tried(tried: Tried) -> dict[str, Any]:
    outcomes = [run.outcome for runs in tried.measurement.runs for run in runs]
    return {
        "prescription": tried.proposal.name,
        "why": tried.proposal.why,
        "changes": tried.proposal.changes,
        "effect": tried.error.effect,
        "low": tried.error.low,
        "high": tried.error.high,
        "cost_effect": tried.cost.effect,
        "cost_low": tried.cost.low,
        "cost_high": tried.cost.high,
        "p": tried.cost.p,
        "p_holm": tried.p_holm,
        "train_error": tried.measurement.train_error,
        "dev_error": tried.measurement.dev_error,
        "adopted": tried.adopted,
        "against": tried.proposal.against,
        "cured": tried.cured,
        "outcome": str(max(outcomes, key=_BADNESS.index)),
        "seconds": tried.measurement.seconds,
    }

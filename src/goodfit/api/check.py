"""Check the machinery on a plan's network: gradients, growth by layer, monotone descent, curvature."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from goodfit.api.data import open_data, read_plan, reopen_run
from goodfit.api.requests.data import DataRequest, SplitRequest, quiet
from goodfit.api.requests.inspection import CheckRequest
from goodfit.api.requests.request import options, takes
from goodfit.api.result_types.check import (
    CheckResult,
    CurvatureResult,
    DescentResult,
    GradientChecks,
    GrowthChecks,
    NetworkGrowth,
    SignalGrowth,
)
from goodfit.checks.curvature import curvature
from goodfit.checks.descent import ITERATIONS, Descent, check_descent
from goodfit.checks.gradients import check_gradients
from goodfit.checks.network import Network, open_network
from goodfit.checks.parameters import Pytree
from goodfit.checks.verdict import GradientCheck
from goodfit.data.dataset import Splits
from goodfit.diagnosis.growth import growth, growth_words
from goodfit.engine.machine import prepare_jax
from goodfit.errors import InputError
from goodfit.experiments.default_plans import default_plan
from goodfit.experiments.laboratory import Notify
from goodfit.experiments.saved_predictor import load_predictor
from goodfit.plan import Plan
from goodfit.record.run import unflatten
from goodfit.reports.descent import write_descent
from goodfit.run_folder.folders import check_writable, is_run
from goodfit.run_folder.names import DESCENT_FILE
from goodfit.run_folder.saved_run import read_run
from goodfit.wording.numbers import setting

__all__ = ["check", "check_gradients"]

_EXAMPLES = 256  # of a gradient check: as a mini-batch
_MOST_EXAMPLES = 2000  # of descent and curvature, for which the course notes take the whole batch
_MOST_ENTRIES = 20_000  # parameters up to which every entry is compared
_DIRECTIONS = 10  # in each block of larger networks
_PAGE = "goodfit-descent.html"
# what the members of an ensemble may differ in
_OF_STRUCTURE = (
    "hidden_units",
    "architecture",
    "activation",
    "batch_norm",
)


@dataclass(frozen=True)
class _Subject:
    """The network to check: data, plan, and the parameters of a run, if there is one."""

    splits: Splits
    plan: Plan
    seed: int
    trained: Pytree | None
    folder: Path | None


@takes(CheckRequest)
def check(request: CheckRequest) -> CheckResult:
    """Check the engine on the network of a run or a plan: its gradients, its descent or its curvature.

    Without `descent` and `curvature` it checks the gradients of J (with the plan's penalties, smoothing and class
    weights, batch norm as in training, dropout's mask fixed) at fresh parameters and at the run's, and measures how
    much activations and gradients grow from layer to layer.

    Returns:
        The checks; those that were not requested are None.

    Raises:
        GoodfitError: bad input, with one sentence that says what to do.
    """
    notify = request.progress or quiet
    if request.descent and request.out is not None:
        check_writable(Path(request.out).parent)
    subject = _subject(request)
    result = CheckResult(
        data=subject.splits.dataset.name,
        run=None if subject.folder is None else str(subject.folder),
        plan=subject.plan,
        gradients=None,
        growth=None,
        descent=None,
        curvature=None,
    )
    if not (request.descent or request.curvature):
        gradients, growths = _gradients(subject, request, notify)
        return replace(result, gradients=gradients, growth=growths)
    network = open_network(subject.plan, subject.splits, subject.seed, _MOST_EXAMPLES).without_dropout()
    if request.descent:
        notify("descending", None, None)
        result = replace(result, descent=_descent(subject, network, request))
    if request.curvature:
        notify("measuring the curvature", None, None)
        result = replace(result, curvature=_curvature(subject, network))
    return result


def _subject(request: CheckRequest) -> _Subject:
    """Open a run and its data again, or data with a plan."""
    source = request.source
    if not (isinstance(source, str | Path) and is_run(source)):
        if request.data is not None:
            raise InputError("data beside data: give a run's folder first where its data has moved, or one of the two")
        plan = read_plan(request.plan)
        prepare_jax()
        splits = open_data(DataRequest(data=source, **request.shared_with(SplitRequest)), None)
        return _Subject(splits, plan or default_plan(splits), request.seed, None, None)
    needless = [name for name in request.arguments() if name == "plan" or name in dict(options(SplitRequest))]
    if needless:
        raise InputError(f"a run has its own {needless[0]}; give the run alone, or data with options")
    saved = read_run(source)
    prepare_jax()
    splits = reopen_run(saved, request.data)
    member = max(load_predictor(saved).members, key=lambda member: member.weight)
    structure = {name: getattr(member.structure, name) for name in _OF_STRUCTURE}
    changed = {name: value for name, value in structure.items() if value != getattr(saved.plan, name)}
    trained = {"layers": unflatten(member.weights)[0]}
    settings = saved.plan.with_(**changed, preparation=member.preparation.kind)
    return _Subject(splits, settings, saved.result.seed, trained, saved.folder)


def _gradients(subject: _Subject, request: CheckRequest, notify: Notify) -> tuple[GradientChecks, GrowthChecks]:
    """Check gradients and measure growth, at fresh parameters and at the run's."""
    network = open_network(subject.plan, subject.splits, subject.seed, _EXAMPLES)
    points = {"fresh": network.fresh} | ({"run": subject.trained} if subject.trained else {})
    checks, growths = {}, {}
    for number, (name, params) in enumerate(points.items()):
        notify(f"checking gradients at {name} parameters", number / len(points), None)
        checks[name] = _check_gradients(network, params, request)
        growths[name] = _growth(network, params)
    dropout = _has_dropout(subject.plan)
    return GradientChecks(**checks, examples=len(network.inputs), dropout=dropout), GrowthChecks(**growths)


def _check_gradients(network: Network, params: Pytree, request: CheckRequest) -> GradientCheck:
    """Compare every entry of a small network, or random directions of a large one."""
    # Each entry needs evaluations of J of its own; a random direction checks a whole block for the price of one entry.
    entries = sum(leaf.size for layer in params["layers"] for leaf in layer.values())
    directions = _DIRECTIONS if request.sample is None and entries > _MOST_ENTRIES else request.sample
    return check_gradients(network.objective, params, sample=directions, epsilon=request.epsilon)


def _growth(network: Network, params: Pytree) -> NetworkGrowth:
    """Measure how activations grow forward and gradients backward."""
    activations, gradients = network.signals(params)
    return NetworkGrowth(
        activations=_signal_growth("activations", activations, activations),
        gradients=_signal_growth("gradients", gradients, gradients[::-1]),  # they travel from the last layer back
    )


def _signal_growth(name: str, sizes: Sequence[float], in_direction: Sequence[float]) -> SignalGrowth:
    trend = growth(in_direction)
    return SignalGrowth(
        sizes=tuple(sizes),
        rate=trend and trend.rate,
        factor=trend and trend.factor,
        trend=trend and trend.trend,
        reason=growth_words(name, trend),
    )


def _descent(subject: _Subject, network: Network, request: CheckRequest) -> DescentResult:
    """Descend from fresh parameters at the plan's learning rate, and write the page."""
    descent = check_descent(
        network.step(),
        network.fresh,
        subject.plan.learning_rate,
        lambda params: _check_gradients(network, params, request),
    )
    path = Path(request.out or (_PAGE if subject.folder is None else subject.folder / DESCENT_FILE))
    result = DescentResult(
        **vars(descent),
        iterations=ITERATIONS,
        rows=len(network.inputs),
        next=_next(subject.plan, descent),
        page=str(path),
    )
    write_descent(path, result.to_dict(), subject.splits.dataset.name, subject.plan)
    return result


def _curvature(subject: _Subject, network: Network) -> CurvatureResult:
    measured = curvature(network.objective, subject.trained or network.fresh)
    point = "run" if subject.trained else "fresh"
    return CurvatureResult(**vars(measured), parameters=point, rows=len(network.inputs))


def _next(plan: Plan, descent: Descent) -> str:
    """Return what to do after a descent."""
    if descent.cause == "gradient":
        return "mend the gradient of the layer that the check names, and check again"
    if descent.cause == "unknown":
        return "look for what makes J jump: kinks of the activation, or a learning rate that is far too large"
    if descent.cause == "learning rate":
        rate = f"{setting(descent.good_rate)}"
        return f"take a learning rate of at most {rate} for plain gradient descent, and leave dropout off till J falls"
    if _has_dropout(plan):
        return "dropout may come back on: with it J is not well defined, so its curve may go up and down"
    return "the plan has no dropout to turn back on; go on with it"


def _has_dropout(plan: Plan) -> bool:
    return plan.structure.dropout or plan.structure.input_dropout

"""The result of `check`: gradients, growth, descent and curvature of a network."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from goodfit.plan import Plan
from goodfit.record.plain import PlainData

if TYPE_CHECKING:
    from goodfit.checks.verdict import GradientCheck


@dataclass(frozen=True, kw_only=True)
class GradientChecks(PlainData):
    """Gradient checks at fresh parameters and at those of a run.

    Attributes:
        fresh: at fresh parameters.
        run: at the run's parameters; None if there is no run.
        examples: number of examples in the cost.
        dropout: True if the network has dropout, whose mask was fixed.
    """

    fresh: "GradientCheck"
    run: "GradientCheck | None" = None
    examples: int
    dropout: bool


@dataclass(frozen=True, kw_only=True)
class SignalGrowth(PlainData):
    """Growth of a signal from layer to layer.

    Attributes:
        sizes: root mean square by layer, from the first.
        rate: factor per layer; None with fewer than two layers.
        factor: from the first to the last layer, in the direction of the signal.
        trend: `vanishing`, `steady` or `exploding`.
        reason: the same in a sentence.
    """

    sizes: tuple[float, ...]
    rate: float | None
    factor: float | None
    trend: str | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class NetworkGrowth(PlainData):
    """Growth of the activations forward and of the gradients backward."""

    activations: SignalGrowth
    gradients: SignalGrowth


@dataclass(frozen=True, kw_only=True)
class GrowthChecks(PlainData):
    """Growth at fresh parameters, and at those of a run where there is one."""

    fresh: NetworkGrowth
    run: NetworkGrowth | None = None


@dataclass(frozen=True, kw_only=True)
class DescentResult(PlainData):
    """A descent by the whole batch at a constant learning rate.

    Attributes:
        rate: learning rate.
        objective: regularized J before the first iteration and after each.
        cost: the same without penalty.
        first_rise: first iteration, from 1, after which J was higher than before; None if it never rose.
        cause: of the rise: `gradient`, `learning rate` or `unknown`.
        good_rate: largest learning rate, by halving, at which J never rose.
        gradients: gradient check just before J rose.
        reason: the conclusion, in a sentence.
        iterations: their number.
        rows: number of examples in the batch.
        next: what to do now.
        page: path of the page that shows the descent.
    """

    rate: float
    objective: tuple[float, ...]
    cost: tuple[float, ...]
    first_rise: int | None
    cause: str | None
    good_rate: float | None
    gradients: "GradientCheck | None"
    reason: str
    iterations: int
    rows: int
    next: str
    page: str


@dataclass(frozen=True, kw_only=True)
class CurvatureResult(PlainData):
    """The curvature of the cost at a point.

    Attributes:
        verdict: `saddle`, `minimum` or `flat`.
        reason: the same in a sentence.
        lowest: smallest eigenvalue of the Hessian.
        highest: largest eigenvalue.
        gradient_norm: of the cost.
        plateau: True if no step along the gradient lowers the cost by 1 %.
        cost: at the point.
        parameters: `fresh` or `run`.
        rows: number of examples in the cost.
    """

    verdict: str
    reason: str
    lowest: float
    highest: float
    gradient_norm: float
    plateau: bool
    cost: float
    parameters: str
    rows: int


@dataclass(frozen=True, kw_only=True, repr=False)
class CheckResult(PlainData):
    """The result of `check`; checks that were not requested are None.

    Attributes:
        data: name of the data.
        run: folder of the run; None for data with a plan.
        plan: settings of the network.
        gradients: analytic gradients compared with finite differences.
        growth: of activations and gradients with depth.
        descent: monotone descent.
        curvature: of the cost.
    """

    data: str
    run: str | None
    plan: Plan
    gradients: GradientChecks | None
    growth: GrowthChecks | None
    descent: DescentResult | None
    curvature: CurvatureResult | None

    def __repr__(self) -> str:
        """Return the outcome of each check and what was checked on one line."""
        facts = []
        if self.gradients:
            facts.append(f"gradients {(self.gradients.run or self.gradients.fresh).verdict}")
        if self.descent:
            rise = self.descent.first_rise
            facts.append("the cost never rises" if rise is None else f"the cost rises in iteration {rise}")
        if self.curvature:
            facts.append(f"curvature: {self.curvature.verdict}")
        return f"CheckResult({'; '.join([*facts, self.run or self.data])})"

"""The paths of four optimizers in an elongated bowl, and in the round one that normalized inputs make."""

import numpy as np
from jaxtyping import Float

from goodfit.lessons.drawing import Mark, Panel, axis, buttons, figure, line, panel, points, slider, text
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.textbook.gradient_descent import Optimizer, update_parameters
from goodfit.textbook.normalizing import mean_and_deviation, normalize
from goodfit.textbook.optimizers import adam, momentum, rmsprop, zeros_like
from goodfit.wording.numbers import number, percent

NAMES: dict[Optimizer, str] = {
    "gradient_descent": "gradient descent",
    "momentum": "momentum",
    "rmsprop": "RMSprop",
    "adam": "Adam",
}
COLORS = ("blue", "orange", "purple", "green")
# 0.038 and 0.045 stand on either side of 2/(largest curvature) = 0.039, above which gradient descent runs away.
RATES = (0.01, 0.02, 0.03, 0.038, 0.045, 0.07, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5)
STEPS = 80
PATIENT = 300  # steps after which the comparison of learning rates gives up
COMPARED = tuple(np.geomspace(0.003, 3.0, 25).tolist())
GOAL = 1e-3  # of the cost at the start
BETA2 = 0.9  # Hinton's lecture; 0.999 remembers a thousand steps, and these paths have eighty
INPUTS = ("as they come", "normalized")
Bowl = Float[np.ndarray, "2 2"]
Path = Float[np.ndarray, "steps 2"]
Trials = dict[tuple[int, Optimizer], list[float]]  # steps needed with each learning rate, by bowl and optimizer


def examples() -> Float[np.ndarray, "2 200"]:
    """Draw two inputs around their mean, the second of which varies seven times as much as the first."""
    X = np.random.default_rng(0).normal(0.0, 1.0, (2, 200)) * np.array([[1.0], [7.0]])
    return X - mean_and_deviation(X)[0]


def bowl(X: Float[np.ndarray, "2 m"]) -> Bowl:
    """Return H of linear regression on these inputs: J is its lowest value plus ½·wᵀHw, w counted from the best."""
    return X @ X.T / X.shape[1]


def bowls() -> list[tuple[Bowl, Float[np.ndarray, "2"]]]:
    """Return the bowl before and after normalizing, and the weights of one and the same start in each."""
    X = examples()
    mu, sigma = mean_and_deviation(X)
    start = np.array([-4.0, 0.6])  # times σ it is the same function of inputs that were divided by σ
    return [(bowl(X), start), (bowl(normalize(X, mu, sigma)), sigma[:, 0] * start)]


def excess(H: Bowl, path: Path) -> Float[np.ndarray, "steps"]:
    """Return J minus its minimum at each point of a path."""
    return 0.5 * np.einsum("si,ij,sj->s", path, H, path)


def walk(optimizer: Optimizer, H: Bowl, start: Float[np.ndarray, "2"], learning_rate: float, steps: int) -> Path:
    """Return the weights before the first step and after each; where they run away, NaN follows."""
    parameters = {"W1": start[None]}
    v, s = zeros_like(parameters), zeros_like(parameters)
    path = np.full((steps + 1, 2), np.nan)
    for t in range(1, steps + 2):
        path[t - 1] = parameters["W1"][0]
        if np.abs(path[t - 1]).max() > 1e6:
            break
        grads = {"W1": parameters["W1"] @ H}
        if optimizer == "gradient_descent":
            parameters = update_parameters(parameters, grads, learning_rate)
        elif optimizer == "momentum":
            parameters, v = momentum(parameters, grads, v, learning_rate, beta=0.9)
        elif optimizer == "rmsprop":
            parameters, s = rmsprop(parameters, grads, s, learning_rate, BETA2)
        else:
            parameters, v, s = adam(parameters, grads, v, s, t, learning_rate, beta1=0.9, beta2=BETA2)
    return path


def ellipse(H: Bowl, height: float) -> Path:
    """Return the points where J exceeds its minimum by this much."""
    angle = np.linspace(0, 2 * np.pi, 73)
    # With H = L·Lᵀ, ½·wᵀHw is half the square of Lᵀw: a circle there, which L⁻ᵀ turns into the ellipse of w.
    circle = np.sqrt(2 * height) * np.column_stack([np.cos(angle), np.sin(angle)])
    return circle @ np.linalg.inv(np.linalg.cholesky(H))


def steps_needed(H: Bowl, path: Path) -> float:
    """Return the first step after which J stays within the goal, NaN if it never does."""
    excesses = excess(H, path)
    # Written so that NaN, where a path ran away, counts as outside.
    outside = np.flatnonzero(~(excesses <= GOAL * excesses[0]))
    last = int(outside[-1]) if len(outside) else -1
    return float(last + 1) if last + 1 < len(excesses) else np.nan


def trials() -> Trials:
    """Return the steps needed with each learning rate of the comparison, by bowl and optimizer."""
    return {
        (i, optimizer): [steps_needed(H, walk(optimizer, H, start, rate, PATIENT)) for rate in COMPARED]
        for i, (H, start) in enumerate(bowls())
        for optimizer in NAMES
    }


def _caption(name: str, rate: float, excesses: list[Float[np.ndarray, "steps"]]) -> str:
    before, after = (_outcome(excess) for excess in excesses)
    start = f"{name[0].upper()}{name[1:]} with α = {number(rate)}"
    return f"{start}: with the inputs as they come {before}; normalized, {after}."


def _outcome(excesses: Float[np.ndarray, "steps"]) -> str:
    if not excesses[-1] <= 10:
        return f"it runs away, and has ten times the cost of the start after {int(np.argmax(~(excesses <= 10)))} steps"
    outside = np.flatnonzero(excesses > GOAL)
    if outside[-1] == STEPS:
        return f"{percent(excesses[-1])} of the cost above the lowest is left after {STEPS} steps"
    return f"less than {percent(GOAL)} of the cost above the lowest is left from step {outside[-1] + 1} on"


def _rings(H: Bowl, top: float) -> list[Mark]:
    rings = [ellipse(H, top * share) for share in (1, 0.5, 0.25, 0.1, 0.02)]
    marks = [line(ring[:, 0], ring[:, 1], "J", "line", label="", quiet=True, width=1.2) for ring in rings]
    return [*marks, points([0.0], [0.0], "lowest J", "ink", shape="cross", size=5)]


def _descents() -> tuple[list[list[Mark]], list[Mark], list[str]]:
    """Return each bowl with its paths, the costs of all paths, and a sentence per optimizer and learning rate."""
    valleys, costs, says = bowls(), [], []
    walked = [_rings(H, excess(H, start[None])[0]) for H, start in valleys]
    for j, (optimizer, name) in enumerate(NAMES.items()):
        for k, rate in enumerate(RATES):
            state, excesses = {"optimizer": j, "rate": k}, []
            for (H, start), marks, inputs, dash in zip(valleys, walked, INPUTS, (False, True), strict=True):
                path = walk(optimizer, H, start, rate, STEPS)
                excesses.append(excess(H, path) / excess(H, start[None]))
                x, y = path.T.tolist()
                marks.append(line(x, y, name, COLORS[j], label="", dots=True, width=1.5, when=state))
                path_line = line(
                    "step", excesses[-1], f"inputs {inputs}", COLORS[j], label=inputs, dash=dash, when=state
                )
                costs.append(path_line)
            says.append(_caption(name, rate, excesses))
    return walked, costs, says


def _paths() -> Section:
    walked, costs, says = _descents()
    controls = [
        buttons("optimizer", "Optimizer", list(NAMES.values())),
        slider("rate", "learning rate α", [number(rate) for rate in RATES], RATES.index(0.038)),
    ]
    across, up = "w₁, from its best value", "w₂, from its best value"
    step, excesses = axis("step", 0, STEPS), axis("share of the start", 1e-8, 10, log=True)
    x, tall, low = axis(across, -6, 6), axis(up, -6, 6), axis(up, -2, 2)
    panels = [
        panel(f"Inputs {INPUTS[0]}", x, low, walked[0], equal=True, wide=True, read="point"),
        panel(f"Inputs {INPUTS[1]}", x, tall, walked[1], equal=True, read="point"),
        panel("What is left of the cost above its lowest value", step, excesses, costs, height=400),
    ]
    (flat, steep), (_, round_) = (np.linalg.eigvalsh(H) for H, _ in bowls())
    return Section(
        "The same descent in two bowls",
        """The bowl is the cost J of a linear regression on two inputs, one of which varies seven times as much as the
        other. Rings join weights of equal cost. Every path begins at the same weights; each dot is one step. Move the
        learning rate of gradient descent up from 0.02, and see the path begin to leap across the valley. Then choose
        the other optimizers.""",
        figure(panels, controls, says, {"step": np.arange(STEPS + 1)}),
        f"""With the inputs as they come, the valley is steep across and flat along: its curvatures are {steep:.0f}
        and {flat:.1f}. The gradient points across it, so gradient descent leaps from wall to wall while it creeps
        along, and with a learning rate above 2/{steep:.0f} = {2 / steep:.3f} it runs away. Momentum averages out the
        leaps and keeps what the steps have in common. RMSprop and Adam divide each direction by the size of its own
        gradients: they head for the middle as if the valley were round. But their steps stay about α long, so with a
        large α they do not settle.

        Normalize the inputs, and the rings are circles. The gradient points at the lowest place, and gradient descent
        bears a learning rate {steep / round_:.0f} times as large. Both bowls are the same regression, with the same
        costs.""",
    )


def _rates(results: Trials) -> Section:
    x = axis("learning rate α", COMPARED[0], COMPARED[-1], log=True)
    y = axis("steps", 1, PATIENT, log=True)
    panels: list[Panel] = []
    for i, inputs in enumerate(INPUTS):
        marks: list[Mark] = [
            line(COMPARED, results[i, optimizer], name, COLORS[j], dots=True, label="" if i == j == 0 else name)
            for j, (optimizer, name) in enumerate(NAMES.items())
        ]
        panels.append(panel(f"Inputs {inputs}", x, y, marks, height=360))
    panels[0]["marks"].append(text(0.0035, 40, NAMES["gradient_descent"], COLORS[0]))  # its end is among other lines
    before, after = ([fastest(results[i, optimizer]) for optimizer in NAMES] for i in (0, 1))
    return Section(
        "Which learning rates work, and how fast",
        f"""The same start and the same two bowls, every optimizer with {len(COMPARED)} learning rates. Each dot is a
        whole descent: how many steps it took until less than {percent(GOAL)} of the cost above its lowest value was
        left, for good. Where a line ends, the descent ran away, or was not there after {PATIENT} steps. Lower is
        faster; a wide line forgives a badly chosen α.""",
        figure(panels),
        f"""With the inputs as they come and the best of these learning rates, gradient descent needs {before[0]:.0f}
        steps, momentum {before[1]:.0f}, RMSprop {before[2]:.0f} and Adam {before[3]:.0f}. Momentum and Adam are about
        as fast over a wide range of α; gradient descent has to be just below the α at which it runs away.

        Normalized, gradient descent needs {after[0]:.0f} {"step" if after[0] == 1 else "steps"} and momentum
        {after[1]:.0f}: in a round bowl there is nothing to average away. A network's cost is never so round, since
        only the first layer's inputs can be normalized beforehand; but this is why normalizing them speeds up
        training, and why the others beat plain gradient descent wherever the bowl stays long.""",
    )


def fastest(steps: list[float]) -> float:
    """Return the fewest steps over all learning rates that led to the goal."""
    return float(np.nanmin(steps))


def _make() -> Content:
    results = trials()
    long, quick = fastest(results[0, "gradient_descent"]), fastest(results[0, "momentum"])
    round_ = fastest(results[1, "gradient_descent"])
    answer = f"""Where the cost is an elongated bowl, the gradient points across the valley and not along it. Momentum
        averages out the leaps across; RMSprop and Adam scale each direction by itself. Here gradient descent needs
        {long:.0f} steps at best and momentum {quick:.0f}. Normalizing the inputs makes the bowl round, and then
        gradient descent needs {round_:.0f}."""
    return Content(answer, (_paths(), _rates(results)))


OPTIMIZERS = Lesson(
    name="optimizers",
    title="Gradient descent, momentum, RMSprop and Adam",
    question="Why does one optimizer need more steps than another, and what do normalized inputs change?",
    make=_make,
    code=(update_parameters, momentum, rmsprop, adam, mean_and_deviation, normalize),
    sources=(
        "course notes, “Gradient descent with momentum”, “RMSprop”, “Adam”, “Normalizing inputs”",
        "Polyak 1964",
        "Hinton, lecture 6e, 2012",
        "Kingma & Ba 2015",
    ),
    use="""`--set optimizer=momentum` (or `gradient_descent`, `rmsprop`, `adam`) with `--set learning_rate=0.01`;
        inputs are always prepared, `--set preparation=standard` as on this page. Next: `goodfit lesson
        mini-batches`.""",
)

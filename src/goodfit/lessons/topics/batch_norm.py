"""Batch norm: z brought to mean 0 and variance 1, deep networks that train, and the averages for test time."""

from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.lessons.drawing import axis, bars, figure, line, panel, slider
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.lessons.topics.lambda_ import moons
from goodfit.textbook.batch_norm import batch_norm_forward, batch_norm_test, running_average
from goodfit.textbook.gradient_descent import train
from goodfit.textbook.initialization import initialize_parameters
from goodfit.textbook.propagation import forward_prop, moments
from goodfit.wording.numbers import number, percent

GAMMAS, BETAS = (0.5, 1.0, 2.0), (-2.0, 0.0, 2.0)
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
LAYERS = [2, *[20] * 8, 1]
STEPS = 150
BETA = 0.9  # of the averages over mini-batches that are used at test time
SIZES = (1, 2, 4, 8, 16, 64, 256, 1024)  # examples predicted together
BINS = np.linspace(-6, 14, 51)


def _normalized() -> Section:
    Z = np.random.default_rng(0).normal(6.0, 2.5, (1, 400))
    middle, width = (BINS[:-1] + BINS[1:]) / 2, BINS[1] - BINS[0]
    before = np.histogram(Z, BINS)[0]
    marks, says = [bars(middle, before, width, "z", "muted", opacity=0.55)], []
    for i, gamma in enumerate(GAMMAS):
        for j, beta in enumerate(BETAS):
            after, _ = batch_norm_forward(Z, np.array([[gamma]]), np.array([[beta]]))
            state = {"gamma": i, "beta": j}
            marks.append(bars(middle, np.histogram(after, BINS)[0], width, "z̃", "blue", opacity=0.75, when=state))
            says.append(f"""Before, z has mean {Z.mean():.2f} and deviation {Z.std():.2f}. After, z̃ has mean
                {number(round(float(after.mean()), 6) + 0.0)} and deviation {number(round(float(after.std()), 4))}.""")
    plot = panel(
        "One unit's z over a mini-batch of 400", axis("z, and z̃", -6, 14), axis("examples", 0, 120), marks, height=300
    )
    controls = [
        slider("gamma", "γ", [number(gamma) for gamma in GAMMAS], 1),
        slider("beta", "β", [number(beta) for beta in BETAS], 1),
    ]
    return Section(
        "Normalize, then choose anew",
        """Gray is one unit's z over a mini-batch. Blue is z̃ = γ·(z − mean)/√(variance + ε) + β. Move γ and β, which
        are parameters that the network learns.""",
        figure([plot], controls, says),
        """Whatever mean and deviation z had, z̃ has mean β and deviation |γ|. So the layer after it sees inputs whose
        distribution is set by two parameters, and not by all weights before it. A bias b that is added to z is taken
        away again with the mean, so layers with batch norm have none.""",
    )


class Trained(NamedTuple):
    """J by step, without and with batch norm."""

    without: Float[np.ndarray, "steps"]
    norm: Float[np.ndarray, "steps"]


@cache
def trained(learning_rate: float) -> Trained:
    """Train eight hidden ReLU layers whose first weights are half of He's, with the whole batch."""
    X, Y = moons(200, 3)
    costs = []
    for batch_norm in ("none", "before"):
        start = initialize_parameters(LAYERS, "relu", batch_norm=batch_norm == "before")
        start = {name: value / 2 if name[0] == "W" else value for name, value in start.items()}
        options = {"learning_rate": learning_rate, "epochs": STEPS, "output": "sigmoid", "batch_norm": batch_norm}
        costs.append(np.array([J for _, J in train(X, Y, start, **options)]))
    return Trained(*costs)


def _training() -> Section:
    marks, says = [], []
    for i, rate in enumerate(RATES):
        outcome = trained(rate)
        marks.append(line("step", outcome.without, "without", "orange", dash=True, when={"rate": i}))
        marks.append(line("step", outcome.norm, "batch norm", "blue", when={"rate": i}))
        says.append(f"""α = {number(rate)}: after {STEPS} steps J is {outcome.without[-1]:.3f} without batch norm and
            {outcome.norm[-1]:.3f} with it.""")
    plot = panel("Training cost by step", axis("step", 1, STEPS), axis("J", 0.05, 1.5, log=True), marks, height=340)
    best = {name: min(getattr(trained(rate), name)[-1] for rate in RATES) for name in ("without", "norm")}
    return Section(
        "A deep network, with and without",
        """Eight hidden layers of twenty ReLU units, whose weights begin at half of what the initialization gives:
        without help the signal vanishes on its way (`goodfit lesson vanishing-gradients`). The same start and the
        same steps, with batch norm and without. Move α.""",
        figure(
            [plot],
            [slider("rate", "learning rate α", [number(rate) for rate in RATES], 3)],
            says,
            {"step": np.arange(1, STEPS + 1)},
        ),
        f"""With its best α here the network without batch norm comes down to {best["without"]:.3f} in {STEPS} steps,
        with it to {best["norm"]:.3f}. Batch norm sets every layer's z back to deviation 1, so no scale of the weights
        can make the signal vanish or explode, and the cost is rounder: larger learning rates work. For the same
        reason L2 on the weights before a batch norm does not make them matter less.""",
    )


@cache
def at_test_time() -> tuple[Float[np.ndarray, "sizes"], Float[np.ndarray, "steps 2"], float]:
    """Return dev errors by how many examples share moments, one mean and its average by step, the averages' error."""
    (X, Y), (X_dev, Y_dev) = moons(400, 3), moons(1024, 4)
    start = initialize_parameters([2, 20, 20, 1], "relu", batch_norm=True)
    options = {"learning_rate": 0.3, "epochs": 12, "output": "sigmoid", "batch_norm": "before", "batch_size": 50}
    parameters, running, estimates, t = start, {}, [], 0
    for parameters, _ in train(X, Y, start, **options):
        t += 1
        # `train` does not say which mini-batch it took; any fifty examples have moments like those.
        columns = slice(50 * (t % 8), 50 * (t % 8) + 50)
        batch_moments = moments(forward_prop(X[:, columns], parameters, output="sigmoid", batch_norm="before")[1])
        running = {
            name: running_average(running.get(name, 0 * value), value, BETA) for name, value in batch_moments.items()
        }
        estimates.append([batch_moments["mean2"][0, 0], running["mean2"][0, 0] / (1 - BETA**t)])
    corrected = {name: value / (1 - BETA**t) for name, value in running.items()}
    by_size = []
    for size in SIZES:
        parts = [slice(i, i + size) for i in range(0, 1024, size)]
        outputs = [forward_prop(X_dev[:, part], parameters, output="sigmoid", batch_norm="before")[0] for part in parts]
        by_size.append(float(((np.hstack(outputs) > 0.5) != Y_dev).mean()))
    AL, _ = forward_prop(X_dev, parameters, output="sigmoid", batch_norm="before", running=corrected)
    return np.array(by_size), np.array(estimates), float(((AL > 0.5) != Y_dev).mean())


def _testing() -> Section:
    by_size, estimates, averaged = at_test_time()
    step = np.arange(1, len(estimates) + 1)
    smooth = [
        line(step, estimates[:, 0], "mini-batch", "muted", width=1.2),
        line(step, estimates[:, 1], "average", "blue"),
    ]
    wrong = [
        line(SIZES, 100 * by_size, "own moments", "orange", dash=True, dots=True, label="own"),
        line([1, 1024], [100 * averaged] * 2, "averages of training", "blue", label="averages"),
    ]
    x = axis("examples predicted together", 1, 1024, log=True, ticks={size: str(size) for size in SIZES})
    panels = [
        panel(
            "Mean of one unit's z, by step",
            axis("step", 1, len(estimates)),
            axis("mean", estimates.min() - 0.05, estimates.max() + 0.05),
            smooth,
        ),
        panel("Wrong on dev", x, axis("error", 0, 60, unit="%"), wrong),
    ]
    return Section(
        "At test time",
        """A single example has no mean and no variance of its own. So while it trains, the network keeps
        exponentially weighted averages of both over its mini-batches (the first picture), and at test time it uses
        those. The second picture compares: examples that are normalized by whatever is predicted together with them,
        and by the averages.""",
        figure(panels),
        f"""One at a time, z minus its own mean is 0 for every example, and {percent(by_size[0])} are wrong, no better
        than a guess. With two, an example's answer depends on which other one came along: {percent(by_size[1])} are
        wrong. With the averages it is {percent(averaged)}, for any number of examples, and the same example always
        gets the same answer.""",
    )


def _make() -> Content:
    best = {name: min(getattr(trained(rate), name)[-1] for rate in RATES) for name in ("without", "norm")}
    by_size, _, averaged = at_test_time()
    answer = f"""So that a layer's inputs keep their scale whatever the weights before it do. A deep network that
        begins with weights of half the right size comes down to a cost of {best["norm"]:.3f} with batch norm, and to
        {best["without"]:.3f} without. At test time it needs averages from training: with them {percent(averaged)} of
        dev are wrong, one at a time without them {percent(by_size[0])}."""
    return Content(answer, (_normalized(), _training(), _testing()))


BATCH_NORM = Lesson(
    name="batch-norm",
    title="Batch norm",
    question="Why normalize inside the network, and what happens at test time?",
    make=_make,
    code=(batch_norm_forward, running_average, batch_norm_test),
    sources=(
        "course notes, “Batch Normalization”",
        "Ioffe & Szegedy 2015",
    ),
    use="""`--set batch_norm=before` normalizes z, `after` the activation; `--set batch_norm_beta=0.9` is β of the
        averages. Next: `goodfit lesson vanishing-gradients`.""",
)

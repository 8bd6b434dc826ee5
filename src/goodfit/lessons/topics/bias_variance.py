"""The course notes' four pairs of errors and their verdicts, and four networks that earn them."""

from functools import cache

import numpy as np
from jaxtyping import Float

from goodfit.lessons.contours import contour
from goodfit.lessons.drawing import axis, bars, buttons, figure, level, line, panel, points, regions, slider
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.lessons.topics.lambda_ import SIDE, fit, moons, surface
from goodfit.textbook.gradient_descent import train
from goodfit.textbook.propagation import forward_prop
from goodfit.wording.numbers import number, percent

# Train and dev errors of the course notes' four examples
EXAMPLES = {"1 % and 11 %": (0.01, 0.11), "15 % and 14 %": (0.15, 0.14), "15 % and 30 %": (0.15, 0.30)}
EXAMPLES |= {"0.5 % and 1 %": (0.005, 0.01)}
HUMAN = (0.0, 0.02, 0.05, 0.1, 0.14)
NETWORKS = {
    "no hidden layer": (0.0, ()),
    "4 units": (0.0, (4,)),
    "20 and 20 units": (0.0, (20, 20)),
    "20 units, λ = 0.3": (0.3, (20,)),
}
MIN_GAP = 0.03  # of the second picture, where one of sixty training examples is 1.7 points


@cache
def lowest_error() -> float:
    """Return the error of one who knows how the examples were made, on 20,000 of them: the Bayes error."""
    X, Y = moons(20_000, 9)
    return float(((density(X, 1) > density(X, 0)) != Y[0]).mean())


def density(X: Float[np.ndarray, "2 m"], label: int) -> Float[np.ndarray, "m"]:
    """Return the density of a class at X, up to a factor: noise around the points of its half circle."""
    # The half circle as 300 points, each with the normal noise of `moons`; what both classes share cancels.
    angle = (np.arange(300) + 0.5) / 300 * np.pi
    x1 = (np.cos(angle) if label == 0 else 1 - np.cos(angle)) - 0.5
    x2 = (np.sin(angle) if label == 0 else 0.5 - np.sin(angle)) - 0.25
    far = [np.square(X[:, :, None][i] - 1.2 * center) for i, center in enumerate((x1, x2))]
    return np.exp(-(far[0] + far[1]) / (2 * 0.35**2)).mean(axis=1)


def _verdict(train_error: float, dev_error: float, human_error: float, min_gap: float = 0.02) -> str:
    from goodfit.diagnosis.gaps import judge  # loads SciPy, which the list of lessons can do without

    return judge(train_error, dev_error, human_error=human_error, min_gap=min_gap).verdict


def _points(share: float) -> str:
    value = number(round(100 * share, 2))
    return f"{value} point" if value == "1" else f"{value} points"


def _numbers() -> Section:
    marks, says = [], []
    for i, (train_error, dev_error) in enumerate(EXAMPLES.values()):
        for j, human in enumerate(HUMAN):
            when = {"errors": i, "human": j}
            marks.append(bars([0], [100 * human], 0.6, "human", "muted", when=when))
            marks.append(bars([1], [100 * train_error], 0.6, "training", "blue", when=when))
            marks.append(bars([2], [100 * dev_error], 0.6, "dev", "orange", when=when))
            bias, variance = train_error - human, dev_error - train_error
            says.append(f"""Avoidable bias {_points(bias)} (training − human), variance {_points(variance)} (dev −
                training): {_verdict(train_error, dev_error, human)}.""")
    x = axis("measured on", -0.6, 2.6, ticks={0.0: "human", 1.0: "training set", 2.0: "dev set"})
    plot = panel("The three levels", x, axis("error", 0, 32, unit="%"), marks, height=300)
    controls = [
        buttons("errors", "Training and dev error", list(EXAMPLES)),
        slider("human", "human error", [percent(human) for human in HUMAN]),
    ]
    verdict = _verdict(0.15, 0.14, 0.14)
    return Section(
        "Two steps, two names",
        """A verdict needs three levels. The step from the human error, which stands for the best that is possible, up
        to the training error is avoidable bias. The step from there up to the dev error is variance. The four pairs
        are those of the course notes. Then raise the human error.""",
        figure([plot], controls, says),
        f"""With a human error of 0 the pairs are high variance, high bias, both, and a good fit. The verdict depends
        on the human error: 15 % on the training set is high bias where people make no mistakes, but where people get
        14 % wrong, the pair of 15 % and 14 % is a {verdict}. A gap counts here from two points.""",
    )


def _networks() -> Section:
    (X, Y), marks, errors, says = moons(60, 1), [], [], []
    for i, (name, (lambd, hidden)) in enumerate(NETWORKS.items()):
        network = fit(lambd, hidden)
        z = surface(network.parameters)
        x, y = contour(SIDE, SIDE, z, 0.5)
        marks.append(regions(z, "blue", "orange", when={"network": i}))
        marks.append(line(x, y, "boundary", "ink", label="", quiet=True, when={"network": i}))
        errors.append(bars([0], [100 * network.error[0]], 0.6, "training", "blue", when={"network": i}))
        errors.append(bars([1], [100 * network.error[1]], 0.6, "dev", "orange", when={"network": i}))
        verdict = _verdict(*network.error, lowest_error(), MIN_GAP)
        says.append(f"""{name[0].upper()}{name[1:]}: {percent(network.error[0])} of the training set and
            {percent(network.error[1])} of the dev set are wrong, where {percent(lowest_error())} is possible:
            {verdict}.""")
    first, second = (X[:, Y[0] == label] for label in (0, 1))
    marks.append(points(first[0], first[1], "class 0", "blue", shape="square", size=4.5))
    marks.append(points(second[0], second[1], "class 1", "orange", size=4.5))
    errors.append(level(100 * lowest_error(), "possible", "ink"))
    x = axis("measured on", -0.6, 1.6, ticks={0.0: "training set", 1.0: "dev set"})
    panels = [
        panel("The map of the two classes", axis("x₁", -3, 3), axis("x₂", -3, 3), marks, equal=True, read="point"),
        panel("What it gets wrong", x, axis("error", 0, 22, unit="%"), errors, height=430),
    ]
    return Section(
        "Four networks, four verdicts",
        """Sixty examples of two half circles with noise. As it is known how they were made, so is the lowest error
        that is possible: it takes the place of the human error. Look at each boundary first, and guess.""",
        figure(panels, [buttons("network", "Network", list(NETWORKS))], says),
        f"""The straight boundary cannot follow the half circles, on training and dev set alike: bias. The basic
        recipe answers with a bigger network, longer training or another optimizer. The largest network follows single
        points that are noise: variance, answered with more data or regularization. Four units manage both mistakes at
        once. Twenty units with a penalty come near to the lowest error on both sets. A gap counts here from
        {_points(MIN_GAP)}, since one of sixty examples is 1.7 points.""",
    )


def _make() -> Content:
    high, low = fit(*NETWORKS["20 and 20 units"]).error, fit(*NETWORKS["no hidden layer"]).error
    answer = f"""From two differences. Training error minus human error is avoidable bias: the network has learned too
        little. Dev error minus training error is variance: it has learned its examples too closely. Of the networks
        below, one gets {percent(high[0])} of its training set wrong and {percent(high[1])} of the dev set, another
        {percent(low[0])} and {percent(low[1])}: their dev errors alone would not tell what to do."""
    return Content(answer, (_numbers(), _networks()))


BIAS_VARIANCE = Lesson(
    name="bias-variance",
    title="Bias and variance",
    question="How do two error rates tell what to try next?",
    make=_make,
    code=(forward_prop, train),
    sources=("course notes, “Bias / Variance” and “Basic Recipe for Machine Learning”",),
    use="""`goodfit diagnose --train-error 0.15 --dev-error 0.14 --human-error 0.14` for numbers of your own, with
        `--train-size` and `--dev-size` for intervals; `goodfit improve` runs the whole recipe. Next: `goodfit lesson
        lambda`.""",
)

"""Three ways to lower the learning rate, and what they do to a descent with small mini-batches."""

from functools import cache

import numpy as np
from jaxtyping import Float

from goodfit.lessons.drawing import Color, axis, figure, line, panel, slider
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.lessons.powers import power
from goodfit.lessons.topics.mini_batches import cost, examples, lowest
from goodfit.textbook.decay import exponential, inverse, inverse_sqrt
from goodfit.textbook.gradient_descent import train
from goodfit.wording.numbers import number

EPOCHS = 40
RATES = (0.02, 0.1, 0.5, 2.0, 8.0)
RULES = {
    "constant": lambda alpha0, epoch: alpha0,
    "α₀/(1 + epoch)": lambda alpha0, epoch: inverse(alpha0, 1.0, epoch),
    "0.95^epoch·α₀": lambda alpha0, epoch: exponential(alpha0, 0.95, epoch),
    "α₀/√epoch": lambda alpha0, epoch: inverse_sqrt(alpha0, 1.0, epoch),
}
SHORT = ("constant", "inverse", "exponential", "1/√epoch")
COLORS: tuple[Color, ...] = ("muted", "blue", "purple", "green")


@cache
def descend(rule: str, alpha0: float) -> Float[np.ndarray, "epochs"]:
    """Return J over all examples minus its minimum, after each epoch of mini-batches of 16."""
    X, Y = examples()
    parameters, excess = {"W1": np.array([[-2.0, 2.0]]), "b1": np.zeros((1, 1))}, []
    for epoch in range(1, EPOCHS + 1):
        # An epoch at a time, since the textbook's `train` has one learning rate; each has its own order.
        options = {"batch_size": 16, "epochs": 1, "seed": epoch, "output": "sigmoid"}
        *_, (parameters, _) = train(X, Y, parameters, learning_rate=RULES[rule](alpha0, epoch), **options)
        excess.append(cost(parameters) - lowest()[0])
    return np.array(excess)


def _rules() -> Section:
    epochs = np.arange(1, EPOCHS + 1)
    rates = [[rule(1.0, int(epoch)) for epoch in epochs] for rule in RULES.values()]
    lines = [
        line("epoch", values, name, color, label=short)
        for values, name, short, color in zip(rates, RULES, SHORT, COLORS, strict=True)
    ]
    curves, says = [], []
    for i, alpha0 in enumerate(RATES):
        ends = []
        for name, short, color in zip(RULES, SHORT, COLORS, strict=True):
            excess = descend(name, alpha0)
            curves.append(line("epoch", excess, name, color, label=short, when={"rate": i}))
            ends.append(f"{short} {power(float(np.median(excess[-5:])))}")
        says.append(f"α₀ = {number(alpha0)}: over the last five epochs J is above its lowest by {', '.join(ends)}.")
    x = axis("epoch", 1, EPOCHS)
    panels = [
        panel("The learning rate", x, axis("α/α₀", 0.02, 1.2, log=True), lines, height=380),
        panel("What is left of the cost", x, axis("J above its lowest", 1e-8, 3, log=True), curves, height=380),
    ]
    control = slider("rate", "α₀", [number(rate) for rate in RATES], RATES.index(2.0))
    ends = {name: float(np.median(descend(name, 2.0)[-5:])) for name in RULES}
    best = min(ends, key=lambda name: ends[name])
    small = {name: float(np.median(descend(name, 0.02)[-5:])) for name in RULES}
    return Section(
        "Large steps first, small ones later",
        f"""Logistic regression with mini-batches of 16, {EPOCHS} epochs, from the same start. In the first picture
        are the rules; epochs count from 1. In the second each line is a training. Begin with a large α₀, then make it
        smaller.""",
        figure(panels, [control], says, {"epoch": epochs}),
        f"""With a constant α₀ = 2 the descent soon stops getting better: it wanders about the lowest place,
        {power(ends["constant"])} above it, because every mini-batch pulls it another way. Every decay comes nearer,
        {SHORT[list(RULES).index(best)]} the nearest with {power(ends[best])}. With a small α₀ = 0.02 the constant
        rate has {power(small["constant"])} left, and α₀/(1 + epoch) {power(small["α₀/(1 + epoch)"])}: it lowers its
        steps before it has arrived. So a decay is tuned together with α₀, and comes after α₀ in the notes' order of
        what to tune.""",
    )


def _make() -> Content:
    ends = {name: float(np.median(descend(name, 2.0)[-5:])) for name in RULES}
    answer = f"""Because large steps get there quickly but cannot settle: mini-batches disagree about the way, and a
        step of fixed size wanders as far as it is long. With α₀ = 2, a constant rate stays {power(ends["constant"])}
        above the lowest cost, and the three rules of the course notes {power(min(ends.values()))} to
        {power(sorted(ends.values())[-2])}."""
    return Content(answer, (_rules(),))


LEARNING_RATE_DECAY = Lesson(
    name="learning-rate-decay",
    title="Learning rate decay",
    question="Why lower the learning rate while training?",
    make=_make,
    code=(inverse, exponential, inverse_sqrt),
    sources=("course notes, “Learning rate decay”", "Robbins & Monro 1951"),
    use="""`--set decay=inverse`, `exponential` or `inverse_sqrt`, with `--set decay_rate=0.95`; without a wish,
        `one_cycle`. Next: `goodfit lesson sampling`.""",
)

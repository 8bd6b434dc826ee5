"""Training and dev cost of a network that learns its examples by heart, and the epoch at which to stop."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.lessons.drawing import axis, buttons, figure, level, line, panel, points, slider, upright
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.textbook.costs import compute_cost
from goodfit.textbook.early_stopping import best_epoch, stop_epoch
from goodfit.textbook.gradient_descent import train
from goodfit.textbook.initialization import Parameters, initialize_parameters
from goodfit.textbook.propagation import forward_prop
from goodfit.wording.numbers import number
from goodfit.wording.text import count

EPOCHS = 1000
EPOCHS_SHOWN = (1, 3, 10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
PATIENCE = (2, 10, 50, 200, 0)  # epochs without a lower dev cost; 0 never stops
PENALTIES = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3)
NOISE = 0.4  # deviation of the targets from the curve that is to be learned
Row = Float[np.ndarray, "1 m"]


class Learning(NamedTuple):
    """One training: both costs after each epoch, and the network at the epochs that are shown."""

    train_cost: list[float]
    dev_cost: list[float]
    networks: dict[int, Parameters]


def truth(X: Row) -> Row:
    """Return the curve that the examples scatter about."""
    return np.sin(5.1 * X) + 0.9 * X


def examples(m: int, seed: int) -> tuple[Row, Row]:
    """Draw inputs, and targets with noise."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (1, m))
    return X, truth(X) + rng.normal(0, NOISE, X.shape)


def predict(X: Row, parameters: Parameters) -> Row:
    """Return a network's outputs."""
    return forward_prop(X, parameters, "tanh", "linear")[0]


def learn(lambd: float = 0.0) -> Learning:
    """Train 1-30-30-1 tanh units on sixteen examples, far longer than is good."""
    (X, Y), (X_dev, Y_dev) = examples(16, seed=1), examples(200, seed=2)
    start = initialize_parameters([1, 30, 30, 1], "tanh")
    options = {"optimizer": "adam", "learning_rate": 0.01, "activation": "tanh", "output": "linear"}
    learning = Learning([], [], {})
    steps = train(X, Y, start, batch_size=8, epochs=EPOCHS, lambd=lambd, **options)
    for step, (parameters, _) in enumerate(steps, start=1):
        if step % 2:  # two mini-batches an epoch
            continue
        learning.train_cost.append(compute_cost(predict(X, parameters), Y, "linear"))
        learning.dev_cost.append(compute_cost(predict(X_dev, parameters), Y_dev, "linear"))
        learning.networks[step // 2] = parameters
    return learning


def _curves(learning: Learning) -> Section:
    best = best_epoch(learning.dev_cost)
    epochs, plot = np.arange(1, EPOCHS + 1), sorted({*EPOCHS_SHOWN, best})
    (X, Y), grid = examples(16, seed=1), np.linspace(-1, 1, 121)[None]
    costs = [
        line("epoch", learning.train_cost, "training", "blue", dash=True),
        line("epoch", learning.dev_cost, "dev", "orange"),
        points([best], [learning.dev_cost[best - 1]], "lowest dev cost", "orange", shape="ring", size=7),
    ]
    curves = [line(grid[0], truth(grid)[0], "truth", "muted", width=1.5)]
    says = []
    for i, epoch in enumerate(plot):
        costs.append(upright(epoch, f"epoch {epoch}", "ink", when={"epoch": i}))
        curves.append(line(grid[0], predict(grid, learning.networks[epoch])[0], "network", "purple", when={"epoch": i}))
        ratio = learning.dev_cost[epoch - 1] / learning.train_cost[epoch - 1]
        says.append(f"""After {count(epoch, "epoch")}: training cost {learning.train_cost[epoch - 1]:.3f}, dev cost
            {learning.dev_cost[epoch - 1]:.3f}, {ratio:.1f} times as much. {_phase(epoch, best)}""")
    curves.append(points(X[0], Y[0], "training example", "blue", shape="square", size=4.5))
    panels = [
        panel("Cost by epoch", axis("epoch", 1, EPOCHS, log=True), axis("cost", 0.01, 1, log=True), costs, height=360),
        panel("What the network has learned", axis("input x", -1, 1), axis("target y", -2.5, 2.5), curves, height=360),
    ]
    control = slider("epoch", "epoch", [str(epoch) for epoch in plot], plot.index(best))
    return Section(
        "Two costs that part",
        """Sixteen examples scatter about a curve, and a network with two hidden layers of thirty tanh units learns
        them. The dev set is 200 other examples of the same curve. Move the epoch from left to right, and watch the
        network's curve in the second picture: first too straight, then like the truth, then through every single
        point.""",
        figure(panels, [control], says, {"epoch": epochs}),
        f"""The training cost keeps falling. The dev cost, after a bump at the start, falls with it until epoch
        {best}, to {learning.dev_cost[best - 1]:.3f}, and then rises to {learning.dev_cost[-1]:.3f}, which is
        {learning.dev_cost[-1] / learning.dev_cost[best - 1]:.1f} times as much: from there on the network learns the
        noise of its sixteen examples. Early stopping takes the parameters of epoch {best}. The notes speak of the
        epoch where both costs are best together; since the training cost falls all the time, it is the dev cost that
        decides.""",
    )


def _phase(epoch: int, best: int) -> str:
    if epoch == best:
        return "This is the best epoch: its parameters are kept."
    return "Both costs can still fall." if epoch < best else "The dev cost is past its lowest."


def _patience(learning: Learning) -> Section:
    best = best_epoch(learning.dev_cost)
    marks, says = [line("epoch", learning.dev_cost, "dev", "orange")], []
    for i, patience in enumerate(PATIENCE):
        stop = stop_epoch(learning.dev_cost, patience)
        stopping_epoch = best_epoch(learning.dev_cost[:stop])
        cost = learning.dev_cost[stopping_epoch - 1]
        marks.append(points([stopping_epoch], [cost], "kept", "orange", shape="ring", size=7, when={"patience": i}))
        marks.append(upright(stop, f"stops at {stop}", "ink", when={"patience": i}))
        outcome = (
            "the best of all epochs"
            if stopping_epoch == best
            else f"while epoch {best} has {learning.dev_cost[best - 1]:.3f}"
        )
        says.append(f"""Patience {patience or "without end"}: training stops after epoch {stop} and keeps epoch
            {stopping_epoch}, whose dev cost is {cost:.3f}, {outcome}.""")
    columns = {"epoch": np.arange(1, EPOCHS + 1)}
    choices = [str(patience) if patience else "no stop" for patience in PATIENCE]
    plot = panel(
        "Dev cost, and where training stops", axis("epoch", 0, EPOCHS), axis("dev cost", 0, 0.6), marks, height=300
    )
    return Section(
        "How long to wait",
        """While it trains, nobody knows whether the dev cost will fall again. Patience is how many epochs in a row
        may bring nothing better before training stops. Too little patience falls for the first bump.""",
        figure([plot], [buttons("patience", "Patience, in epochs", choices, 2)], says, columns),
        f"""The dev cost of mini-batch training is noisy, so it often rises for an epoch and falls again. With a
        patience of {PATIENCE[0]}, training is over after {stop_epoch(learning.dev_cost, PATIENCE[0])} epochs. A
        patience of {PATIENCE[2]} finds the best epoch and saves {EPOCHS - stop_epoch(learning.dev_cost, PATIENCE[2])}
        of the {EPOCHS:,} epochs. However long it waits, the parameters that are kept are those of the best epoch, not
        of the last.""",
    )


def _instead(trainings: dict[float, Learning]) -> Section:
    marks, says = [], []
    names = ["none", *(number(lambd) for lambd in PENALTIES[1:])]
    best = min(trainings[0.0].dev_cost)
    for i, (name, lambd) in enumerate(zip(names, PENALTIES, strict=True)):
        costs = trainings[lambd].dev_cost
        marks.append(line("epoch", costs, f"λ {name}", "green" if lambd else "orange", strong={"lambda": i}, label=""))
        says.append(f"""λ {name}: at the end of training the dev cost is {costs[-1]:.3f}; its lowest was
            {min(costs):.3f}, at epoch {best_epoch(costs)}.""")
    marks.append(level(best, "early stopping", "orange"))
    ends = {name: trainings[lambd].dev_cost[-1] for name, lambd in zip(names, PENALTIES, strict=True)}
    winner = min(ends, key=lambda name: ends[name])
    x, y = axis("epoch", 1, EPOCHS, log=True), axis("dev cost", 0.1, 1, log=True)
    plot = panel("Dev cost with an L2 penalty, trained to the end", x, y, marks, height=340)
    return Section(
        "The other way: L2, trained to the end",
        """An L2 penalty also keeps a network from learning noise, and then training may simply run to its end. The
        broken line is what early stopping reached. Move λ, and compare the right ends of the lines.""",
        figure([plot], [slider("lambda", "λ", names, names.index(winner))], says, {"epoch": np.arange(1, EPOCHS + 1)}),
        f"""Without a penalty the end is at {ends["none"]:.3f}. Of these penalties λ = {winner} ends lowest, at
        {ends[winner]:.3f}; stopping at the best epoch had {best:.3f}. In this example early stopping is ahead, and it
        needed one training where λ needed {len(PENALTIES) - 1}: that is its advantage. But the best epoch was picked
        by the dev cost itself, which flatters it a little.

        The notes prefer L2 all the same, for the sake of order: lowering the training cost and keeping the network
        from overfitting are two tasks, and a knob for each can be turned without the other. Early stopping is one
        knob for both, since it ends the lowering of the cost before it is done.""",
    )


def _make() -> Content:
    trainings = {lambd: learn(lambd) for lambd in PENALTIES}
    plain = trainings[0.0]
    best = best_epoch(plain.dev_cost)
    answer = f"""When the cost of the dev set is at its lowest. Here that is epoch {best} of {EPOCHS:,}, with a dev
        cost of {plain.dev_cost[best - 1]:.3f}. Trained to the end, the training cost falls to
        {plain.train_cost[-1] / plain.train_cost[best - 1]:.2f} times what it was then, but the dev cost rises to
        {plain.dev_cost[-1] / plain.dev_cost[best - 1]:.1f} times: the network has learned its examples by heart."""
    return Content(answer, (_curves(plain), _patience(plain), _instead(trainings)))


EARLY_STOPPING = Lesson(
    name="early-stopping",
    title="Early stopping",
    question="When should training end?",
    make=_make,
    code=(best_epoch, stop_epoch, train),
    sources=("course notes, “Other regularization methods”", "Prechelt 1998, “Early Stopping, but when?”"),
    use="""Every training keeps the parameters of its best epoch on dev; `--set patience=20` also ends it early.
        `goodfit improve` tries both ways, and L2 in place of early stopping, as experiments. Next: `goodfit lesson
        lambda`.""",
)

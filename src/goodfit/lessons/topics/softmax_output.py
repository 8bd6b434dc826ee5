"""Softmax and hard max of four classes, and the slope of its cost."""

import numpy as np

from goodfit.lessons.drawing import axis, bars, buttons, figure, line, panel, points, slider, upright
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.textbook.costs import compute_cost
from goodfit.textbook.softmax import hard_max, one_hot, output_derivative, softmax, softmax_derivative
from goodfit.wording.numbers import column_number, number, percent

CLASSES = ("none", "dog", "cat", "chick")
OTHER_Z = (0.5, 1.5, -0.5)  # z of the other three classes
Z_DOG = tuple(range(-4, 7))
START = Z_DOG.index(2)


def outputs(z_dog: float) -> tuple[np.ndarray, np.ndarray]:
    """Return z and ŷ, a column each, for one example."""
    Z = np.array([[OTHER_Z[0]], [z_dog], *([z] for z in OTHER_Z[1:])])
    return Z, softmax(Z)


def _probabilities() -> Section:
    place, marks, hard, says = np.arange(4), [], [], []
    for i, z in enumerate(Z_DOG):
        Z, A = outputs(z)
        marks.append(bars(place, 100 * A[:, 0], 0.7, "softmax", "blue", when={"z": i}))
        marks.append(points(place, 100 * hard_max(A)[:, 0], "hard max", "orange", shape="ring", size=6, when={"z": i}))
        hard.append(bars(place, Z[:, 0], 0.7, "z", "purple", when={"z": i}))
        says.append(f"""z of dog is {number(z)}: eᶻ is {number(float(np.exp(z)))} of {number(float(np.exp(Z).sum()))}
            over all classes, so its probability is {percent(A[1, 0])}. Hard max says {CLASSES[int(A.argmax())]}.""")
    x = axis("class", -0.6, 3.6, ticks={float(i): name for i, name in enumerate(CLASSES)})
    panels = [
        panel("What the last layer gives: z", x, axis("z", -4.5, 6.5), hard),
        panel("What softmax makes of it", x, axis("probability", 0, 104, unit="%"), marks),
    ]
    control = slider("z", "z of dog", [number(z) for z in Z_DOG], START)
    # The dog's odds against the cat at z = 3, as a multiple of those at z = 2: measured, and equal to e.
    twice = outputs(3.0)[1][1, 0] / outputs(3.0)[1][2, 0] / (outputs(2.0)[1][1, 0] / outputs(2.0)[1][2, 0])
    return Section(
        "From any numbers to probabilities",
        """The last layer gives one number z for each class, which may be anything. Softmax takes e^{z} and divides by
        the sum. Rings are hard max: 1 for the largest, 0 for the others. Move z of the dog, and watch the other
        classes.""",
        figure(panels, [control], says),
        f"""All probabilities are above 0 and add up to 1, so what the dog wins the others lose. Only differences of z
        count: one more for the dog multiplies its odds against any other class by e = {twice:.3f}. Hard max does not
        change until another z is the largest, so it has no slope, and nothing could be learned through it: it is for
        answers, softmax is for training.""",
    )


def _costs() -> Section:
    z = np.linspace(Z_DOG[0], Z_DOG[-1], 101)
    marks, slopes, says = [], [], []
    for j, name in enumerate(CLASSES):
        Y = one_hot(np.array([j]), 4)
        J = [compute_cost(outputs(float(value))[1], Y) for value in z]
        dZ = [output_derivative(outputs(float(value))[1], Y)[1, 0] for value in z]
        marks.append(line("z", J, "J", "blue", label="", when={"truth": j}))
        slopes.append(line("z", dZ, "ŷ − y", "orange", label="", when={"truth": j}))
        for value in Z_DOG:
            A = outputs(value)[1]
            says.append(f"""The truth is {name}, z of dog {number(value)}: ŷ of {name} is {percent(A[j, 0])}, so J =
                −log ŷ = {compute_cost(A, Y):.3f}. The slope of J by the dog's z is ŷ − y =
                {column_number(float(output_derivative(A, Y)[1, 0]))}.""")
    cursor = [upright(value, "", "ink", when={"z": i}) for i, value in enumerate(Z_DOG)]
    x = axis("z of dog", Z_DOG[0], Z_DOG[-1])
    panels = [
        panel("The cost of this example", x, axis("J", 0, 7), marks + cursor),
        panel("Its slope by the dog's z", x, axis("ŷ − y of dog", -1.05, 1.05), slopes + cursor),
    ]
    controls = [
        buttons("truth", "The truth is", CLASSES, 1),
        slider("z", "z of dog", [number(value) for value in Z_DOG], START),
    ]
    D = softmax_derivative(outputs(2.0)[1][:, 0])
    return Section(
        "The cost, and its simple slope",
        """The cost of one example is −log of the probability that its true class was given. Choose the truth, and
        move z of the dog: the second picture is the slope of the first.""",
        figure(panels, controls, says, {"z": z}),
        f"""Where the truth is dog, J falls as z of the dog grows, and its slope ŷ − y is −1 where the network is sure
        of something else, and 0 where it is right: wrong answers push hard, right ones not at all. For any other
        truth the slope is above 0. That dZ is simply ŷ − Y is what softmax and this cost are together for.

        The notes give softmax's own derivative as ŷ·(1 − ŷ). That is its diagonal only: raising z of the dog also
        lowers all other probabilities, each by ŷ of dog times its own. At z = 2 the dog's column of derivatives is
        {", ".join(column_number(float(value)) for value in D[:, 1])}, in the order {", ".join(CLASSES)}; it adds up
        to 0. And with a loss that has its minus already, J = (1/m)·ΣL has none; the notes print it twice.""",
    )


def _make() -> Content:
    Z, A = outputs(2.0)
    answer = f"""Softmax makes positive numbers of them, e^{{z}}, and divides by their sum. With z =
        {", ".join(number(float(z)) for z in Z[:, 0])} the four classes get
        {", ".join(percent(float(a)) for a in A[:, 0])}. The cost is −log of the true class's probability, and its
        slope by z is ŷ − y."""
    return Content(answer, (_probabilities(), _costs()))


SOFTMAX = Lesson(
    name="softmax",
    title="Softmax",
    question="How do the outputs of a network become probabilities of classes?",
    make=_make,
    code=(one_hot, softmax, hard_max, softmax_derivative, output_derivative, compute_cost),
    sources=("course notes, “Softmax Regression”", "Bridle 1990"),
    use="""A target with more than two classes gets softmax by itself, one with two the sigmoid; `goodfit predict`
        gives the probabilities. Next: `goodfit lesson bias-variance`.""",
)

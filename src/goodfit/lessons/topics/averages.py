"""A year of temperatures and its exponentially weighted average."""

import numpy as np
from jaxtyping import Float

from goodfit.lessons.drawing import axis, bars, buttons, figure, line, panel, points, slider, upright
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.textbook.averages import exponentially_weighted_averages, window
from goodfit.wording.numbers import number, percent

BETAS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
DAYS = 365
EARLY = 60  # days of the picture of the first weeks


def temperatures() -> Float[np.ndarray, "days"]:
    """Return a made-up year in °F: seasons, weather that lasts some days, and the four days of the course notes."""
    day = np.arange(1, DAYS + 1)
    shocks = np.random.default_rng(0).normal(0.0, 4.5, DAYS)
    weather = np.zeros(DAYS)
    for t in range(1, DAYS):  # half of each day's deviation stays for the next, so that weather lasts
        weather[t] = 0.5 * weather[t - 1] + shocks[t]
    year = seasons(day) + weather
    year[[0, 1, 2, 179]] = 40.0, 49.0, 45.0, 60.0
    return year


def seasons(day: np.ndarray) -> np.ndarray:
    """Return the temperature without weather: coldest at the end of January, warmest at the end of July."""
    return 54.0 - 13.0 * np.cos(2 * np.pi * (day - 25) / DAYS)


def roughness(values: Float[np.ndarray, "days"]) -> float:
    """Return the root mean square of the changes from one day to the next."""
    return float(np.sqrt(np.mean(np.diff(values) ** 2)))


def lag(average: Float[np.ndarray, "days"]) -> int:
    """Return the days by which the average lags behind the seasons: the shift that fits best."""
    # Over the second half of the year, when even the longest average has forgotten its start.
    late = np.arange(DAYS // 2, DAYS)
    misses = [np.mean((average[late] - seasons(late + 1 - days)) ** 2) for days in range(120)]
    return int(np.argmin(misses))


def last_corrected(beta: float) -> int:
    """Return the last day on which the bias correction changes the average by more than one percent."""
    # 1/(1 − β^t) > 1.01 where β^t > 1 − 1/1.01.
    return int(np.floor(np.log(1 - 1 / 1.01) / np.log(beta)))


def _year(year: Float[np.ndarray, "days"]) -> Section:
    day = np.arange(1, DAYS + 1)
    marks, says = [points(day, year, "temperature", "blue", size=2.2, opacity=0.65)], []
    for i, beta in enumerate(BETAS):
        average = exponentially_weighted_averages(year, beta, bias_correction=True)
        marks.append(line("day", average, "average", "orange", when={"beta": i}))
        says.append(f"""β = {number(beta)} averages about the last {_days(beta)} days. From one day to the next the
            curve moves by {roughness(average):.2f} °F, where the temperatures move by {roughness(year):.2f} °F; it
            comes {lag(average)} days after the seasons.""")
    x, y = axis("day of the year", 1, DAYS), axis("temperature", 25, 85, unit="°F")
    plot = panel("Temperatures and their average, bias corrected", x, y, marks, height=380)
    return Section(
        "A year of temperatures",
        """Each dot is a day. The weather jumps about; the seasons move slowly underneath. Move β and watch two
        things: how rough the curve is, and whether it comes late, most plainly in spring and autumn.""",
        figure([plot], [slider("beta", "β", [number(beta) for beta in BETAS], BETAS.index(0.9))], says, {"day": day}),
        """A small β follows every jump. A large β is smooth, but in spring it still holds the cold of winter, so the
        curve shifts to the right. The course notes find the best β for such data between 0.9 and 0.98. What is traded
        there is smoothness against delay.

        The temperatures are made up: a cosine for the seasons, and weather that is drawn with a fixed seed and half
        kept from day to day. Days 1, 2, 3 and 180 have the values of the notes: 40, 49, 45 and 60 °F.""",
    )


def _weights() -> Section:
    ago, betas = np.arange(0, 100), (0.8, 0.9, 0.95, 0.98)
    marks, says = [], []
    for i, beta in enumerate(betas):
        marks.append(bars(ago, (1 - beta) * beta**ago, 1, "weight", "blue", when={"beta": i}))
        marks.append(upright(window(beta), f"1/(1 − β) = {_days(beta)} days", "orange", when={"beta": i}))
        older = beta ** window(beta)
        says.append(f"""With β = {number(beta)} today counts {percent(1 - beta)}. The last {_days(beta)} days together
            count {percent(1 - older)}; all days before them {percent(older)}.""")
    x, y = axis("days ago", -0.5, 99.5), axis("weight (1 − β)·βⁿ", 0, 0.21)
    plot = panel("Weight of each day in today's average", x, y, marks, height=280)
    return Section(
        "Why 1/(1 − β) days",
        """Put v of yesterday into today's formula, and v of the day before into that, and so on. What comes out is a
        sum in which the day n days ago has the weight (1 − β)·β^{n}. Each bar is one such weight.""",
        figure([plot], [buttons("beta", "β", [number(beta) for beta in betas], 1)], says),
        f"""Each weight is β times the one before, so there is no last day that counts. But after 1/(1 − β) days the
        weights have shrunk to about a third of today's: at β = 0.9, 0.9^{{10}} is {percent(0.9**10)}, close to 1/e =
        {percent(np.exp(-1))}. That is meant by “averages about the last 1/(1 − β) days”. Nothing of the past needs to
        be stored except v itself.""",
    )


def _start(year: Float[np.ndarray, "days"]) -> Section:
    day, betas = np.arange(1, EARLY + 1), (0.9, 0.95, 0.98, 0.99)
    marks, shares, says = [points(day, year[:EARLY], "temperature", "blue", size=3, opacity=0.65)], [], []
    for i, beta in enumerate(betas):
        plain, corrected = (exponentially_weighted_averages(year, beta, corrects)[:EARLY] for corrects in (False, True))
        marks.append(line("day", corrected, "corrected", "orange", when={"beta": i}))
        marks.append(line("day", plain, "as it is", "purple", dash=True, when={"beta": i}))
        shares.append(line("day", 100 * (1 - beta**day), f"β {number(beta)}", "purple", strong={"beta": i}))
        says.append(f"""With β = {number(beta)} the first day's average is {plain[0]:.1f} °F as it is, and
            {corrected[0]:.1f} °F corrected. The correction changes the value by more than 1 % until day
            {last_corrected(beta)}.""")
    x = axis("day of the year", 1, EARLY)
    panels = [
        panel("The first sixty days", x, axis("temperature", 0, 70, unit="°F"), marks),
        panel("What of the average is there: 1 − β^{t}", x, axis("1 − βᵗ", 0, 105, unit="%"), shares),
    ]
    return Section(
        "The start, and bias correction",
        """v begins at 0, which is no temperature that was measured. So the first averages are far too low. Look at
        the left end: the broken line is v as it is, the full line v/(1 − β^{t}).""",
        figure(panels, [buttons("beta", "β", [number(beta) for beta in betas], 2)], says, {"day": day}),
        f"""With β = 0.98 day 1 gives v = 0.02 · {year[0]:.0f} = {number(round(0.02 * year[0], 6))} °F. Of the
        weights, which should add up to 1, only 1 − β^{{t}} is there after t days; dividing by it makes the first
        average equal the first value. The notes say that this matters only for t below 10. The second picture shows
        that it depends on β: the correction is more than one percent until day {last_corrected(0.9)} at β = 0.9, and
        until day {last_corrected(0.98)} at β = 0.98.

        Adam corrects its averages for this reason. With β_{{2}} = 0.999 the correction is more than one percent for
        {last_corrected(0.999):,} steps. The corrected value is only read: the next step starts from v as it is.""",
    )


def _days(beta: float) -> str:
    return number(round(window(beta), 6))


def _make() -> Content:
    year = temperatures()
    ten, fifty = (exponentially_weighted_averages(year, beta, bias_correction=True) for beta in (0.9, 0.98))
    answer = f"""Keep one number v, and each day move it a little toward the new value: v = β·v + (1 − β)·θ. β = 0.9
        averages about ten days and makes the curve {roughness(year) / roughness(ten):.0f} times smoother than the
        temperatures. β = 0.98 averages about fifty and makes it {roughness(year) / roughness(fifty):.0f} times
        smoother, but {lag(fifty)} days late."""
    return Content(answer, (_year(year), _weights(), _start(year)))


AVERAGES = Lesson(
    name="averages",
    title="Exponentially weighted averages",
    question="How can a noisy series be smoothed while remembering a single number?",
    make=_make,
    code=(exponentially_weighted_averages, window),
    sources=("course notes, “Exponentially weighted averages” and “Bias correction”",),
    use="""Momentum, RMSprop and Adam average gradients in this way (`--set beta1=0.9`, `--set beta2=0.999`), and
        batch norm averages its statistics for test time (`--set batch_norm_beta=0.9`). Next: `goodfit lesson
        optimizers`.""",
)

"""The first screen of a page: the five questions that everyone asks of a run, answered in plain words."""

from dataclasses import dataclass

from goodfit.record.rounds import ExperimentResult, RoundResult
from goodfit.record.values import EffectEstimate
from goodfit.reports.search import Search
from goodfit.reports.view import Level, ReportView
from goodfit.wording import numbers
from goodfit.wording.text import count, sentence

_HELD_BACK = {
    "high bias": ("Underfitting", "It is not good enough even on the examples that it learned from."),
    "high variance": ("Overfitting", "It does better on the examples that it learned from than on new ones."),
    "high bias and high variance": (
        "Underfitting and overfitting",
        "It is not good enough on the examples that it learned from, and worse again on new ones.",
    ),
    "no better than a guess": ("No better than a guess", "What it learned does not beat the same answer for everyone."),
    "not to be trusted": ("Not to be trusted", "Its error says less than it seems to."),
    "too few examples to tell": (
        "Too few examples to see",
        "The gaps may be small or large: the data cannot show which.",
    ),
}


@dataclass(frozen=True)
class Answer:
    """A question, its answer in a few large words, what makes it precise, and the reasons."""

    question: str
    headline: str
    detail: str = ""
    sentences: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    tone: str = ""  # of the verdict: "yes", "no" or "unsure"


def answers(view: ReportView) -> tuple[Answer, ...]:
    """The five answers, in the order in which they are asked."""
    return (_fit(view), _expected_error(view), _held_back(view), _tried(view), _next(view))


def change_text(effect: EffectEstimate) -> str:
    """Return the change of an error with its interval, and if it is significant."""
    text = numbers.change(effect.value, effect.low, effect.high)
    return text if effect.significant else f"{text}, not significant; its dev cost is lower"


def _fit(view: ReportView) -> Answer:
    verdict, reason = view.final.verdict, view.final.reason
    tone = {"good fit": "yes", "too few examples to tell": "unsure"}.get(verdict, "no")
    sentences = (reason,) if reason else ()
    return Answer("Is it a good fit?", verdict[0].upper() + verdict[1:], sentences=sentences, tone=tone)


def _expected_error(view: ReportView) -> Answer:
    question = "What error to expect on new data?"
    level = next((level for level in reversed(view.levels) if level.name in ("test", "dev")), None)
    if level is None:
        return Answer(question, "Not measured yet")
    examples = f"{level.size:,} {level.name} examples" if level.size else f"the {level.name} set"
    note = view.final.test_note
    if level.name == "test":
        source = f"Measured once, on {examples} that took no part in training or in choosing."
        notes = (source, sentence(note)) if note else (source,)
    else:
        source = f"Measured on {examples}, which also chose the network: expect a little more."
        notes = (source, sentence(note) if note else "No test set was opened.")
    if view.is_regression:
        return _expected_miss(view, question, level, notes)
    return Answer(
        question,
        level.text,
        f"95 % interval {level.interval_text}" if level.interval_text else "",
        (_one_in(level.error), *notes),
    )


def _one_in(error: float) -> str:
    if error <= 0:
        return "Not one of them was wrong; that does not promise that none ever will be."
    if error > 0.4:
        return f"About {round(10 * error)} in 10 new examples will be wrong."
    return f"About 1 in {round(1 / error):,} new examples will be wrong."


def _expected_miss(view: ReportView, question: str, level: Level, notes: tuple[str, ...]) -> Answer:
    """Regression: the typical miss in the target's own units, and R² beside it."""
    final, target = view.final, view.result.target
    test = final.test_error if level.name == "test" else None
    error, metrics = (test.value, final.test_metrics) if test else (final.dev_error, final.dev_metrics)
    interval = numbers.percent_interval(test.low, test.high) if test else ""
    share = f"{numbers.percent(error)} of the variation of {target} in this set stays unexplained (1 − R²"
    share += f"; 95 % interval {interval})." if interval else ")."
    if error > 1:
        share += f" Always predicting the mean {target} of this set would do better."
    mae = (metrics or {}).get("mae")
    mean = f"On average it is off by {numbers.column_number(mae)} (MAE). " if mae is not None else ""
    detail = "root-mean-square error (RMSE)"
    if level.interval_text:
        detail += f", 95 % interval {level.interval_text}"
    return Answer(question, f"± {level.text}", detail, (mean + share, *notes))


def _held_back(view: ReportView) -> Answer:
    question, final = "What held it back?", view.final
    gaps = tuple(
        f"{level.gap_name[0].upper()}{level.gap_name[1:]}: {level.gap_text}" for level in view.levels if level.gap_name
    )
    if final.avoidable_bias is None:
        gaps = ("Avoidable bias: not known, as no human error level was given", *gaps)
    gaps += tuple(finding.sentence for finding in final.findings[:1])
    if final.verdict == "good fit":
        first = view.rounds[0].result if view.rounds else None
        if first is None or first.verdict == "good fit":
            return Answer(question, "Nothing measurable", items=gaps)
        before = f"Round 1 found {first.verdict}, with {_two_errors(first)}; the gaps have closed since."
        return Answer(question, f"{first.verdict.capitalize()}, now gone", sentences=(before,), items=gaps)
    headline, sentence = _HELD_BACK.get(final.verdict, (final.verdict.capitalize(), ""))
    return Answer(question, headline, sentences=(sentence,) if sentence else (), items=gaps)


def _two_errors(record: RoundResult) -> str:
    train, dev = numbers.percent(record.train_error), numbers.percent(record.dev_error)
    return f"{train} error in training and {dev} on dev"


def _tried(view: ReportView) -> Answer:
    question, end = "What was tried, and what was it worth?", view.final.dev_error
    if view.result.command == "train":
        dev = f"It ends with a dev error of {numbers.percent(end)}."
        advice = "`goodfit improve` would try what the diagnosis suggests and keep what measurably helps."
        return Answer(question, "One plan, as it stands", sentences=(dev, advice))
    if view.search:
        return _searched(question, view.search, _error(view), end)
    experiments = [experiment for record in view.rounds for experiment in record.experiments]
    adopted = [experiment for experiment in experiments if experiment.adopted]
    start_name, start = _start(view.result.baseline)
    headline, detail = count(len(experiments), "prescription") if experiments else "Nothing yet", ""
    if start is not None:
        headline = f"{numbers.percent(start)} → {numbers.percent(end)}"
        detail = f"{_error(view)}, from the {start_name} to the end"
    kept_text = f"{len(adopted)} measurably helped and {'was' if len(adopted) == 1 else 'were'} kept"
    if not adopted:
        kept_text = "none measurably helped, so none was kept"
    tried = f"{count(len(experiments), 'prescription')} in {count(len(view.rounds), 'round')}: {kept_text}."
    sentence = tried if experiments else "No prescription was tried."
    return Answer(question, headline, detail, (sentence,), _worth(view, adopted))


def _searched(question: str, search: Search, error: str, end: float) -> Answer:
    """A search: its winner beside the middle of its trials, and what the error hung on."""
    headline, detail = count(search.count, "trial"), ""
    if search.middle is not None:
        headline = f"{numbers.percent(search.middle)} → {numbers.percent(end)}"
        detail = f"{error}, from the middle of {count(search.count, 'trial')} to the winner"
    name, share = search.importance[0] if search.importance else ("", 0.0)
    mattered = f"{name} mattered most: {numbers.percent(share)} of the differences in error." if name else ""
    return Answer(question, headline, detail, tuple(filter(None, (search.endings, mattered))))


def _error(view: ReportView) -> str:
    return "unexplained variation on dev" if view.is_regression else "dev error"


def _start(baseline: dict[str, float]) -> tuple[str, float | None]:
    """Return name and error of the network that the loop started from."""
    name = "default network" if "default network" in baseline else next(reversed(baseline), "")
    return name, baseline.get(name)


def _worth(view: ReportView, adopted: list[ExperimentResult]) -> tuple[str, ...]:
    items = [f"{experiment.prescription}: {change_text(experiment.error_effect)}" for experiment in adopted]
    ensemble = view.result.ensemble
    if ensemble and ensemble.adopted:
        items.append(ensemble.sentence)
    return tuple(items)


def _next(view: ReportView) -> Answer:
    question = "What to do next?"
    steps, before = view.final.next_steps, ()
    if view.search:
        steps = (*steps, *map(sentence, view.search.notes))
    if view.result.outcome == "interrupted":
        if view.search:
            before = ("Run it again: the search goes on where it was stopped.",)
        elif view.result.opened_from:
            before = (f"Let it finish: `goodfit resume {view.run}` goes on where it was stopped.",)
        elif not steps:  # its data was in memory
            before = ("Run it again, and let it finish.",)
    if steps or before:
        return Answer(question, "", items=(*before, *steps))
    return Answer(question, "", items=(f"Use it: `goodfit predict {view.run} NEW_DATA`",))

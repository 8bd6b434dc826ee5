"""Label noise suspected (course notes: error analysis): labels that contradict their neighbors or the network."""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.remedies import changed
from goodfit.wording.numbers import percent

ID = "label-noise"
NAME = "label noise"
_SHARE = 0.05  # estimated; less is within what such estimates miss


def find(case: Observation) -> Finding | None:
    """An estimated share of wrong labels of more than 5 %."""
    data = case.data
    if data is None or data.label_noise is None or data.label_noise < _SHARE:
        return None
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=min(0.9, 0.5 + 2 * data.label_noise),
        sentence=f"About {percent(data.label_noise)} of the labels seem to be wrong: no network can do better.",
        evidence={"label_noise": data.label_noise},
        remedies=(
            *changed(
                case,
                "label-smoothing",
                "label smoothing",
                "a single wrong label then pulls less",
                {"label_smoothing": 0.1},
            ),
            Remedy(
                "review-labels",
                "look at the labels that the network is surest are wrong",
                "random slips hardly harm, rules do",
                {},
            ),
        ),
    )

"""Label noise: labels that contradict the answers that the networks are surest of.

The evidence is an estimated share of wrong labels of at least 5 %. The remedies are label smoothing, and a look at the
suspicious labels (course notes: error analysis, cleaning up incorrectly labeled data).
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import percent

ID = "label-noise"
NAME = "label noise"
_SHARE = 0.05  # estimated; a smaller one is within the error of such estimates (`benchmarks/doctor.py`)


def find(observation: Observation) -> Finding | None:
    """Return the finding if the estimated share of wrong labels is at least 5 %."""
    data = observation.data
    if data is None or data.label_noise is None or data.label_noise < _SHARE:
        return None
    smoothing = {"label_smoothing": 0.1}
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=min(0.9, 0.5 + 2 * data.label_noise),
        sentence=f"About {percent(data.label_noise)} of the labels seem to be wrong: no network can do better.",
        evidence={"label_noise": data.label_noise},
        remedies=(
            *change_plan(
                observation, "label-smoothing", "label smoothing", "a single wrong label then pulls less", smoothing
            ),
            Remedy(
                "review-labels",
                "review the labels that the network is surest are wrong",
                "random errors do little harm, but systematic ones do",
                {},
            ),
        ),
    )

"""Identifiers that occur in several rows."""

import numpy as np
import polars as pl
import pytest

from goodfit.data.splits import open_splits

RNG = np.random.default_rng(0)
WHO = np.repeat(np.arange(50), 20)
ALIKE = RNG.normal(size=50)[WHO] + RNG.normal(size=1000)


def _warnings(**columns):
    frame = pl.DataFrame({"x": RNG.normal(size=1000), "y": ALIKE} | columns)
    return [note.text for note in open_splits(frame, target="y").notes if "--group" in note.text]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("patient", [f"P{who:03}" for who in WHO]),
        ("patient", WHO),
        ("code", [f"dev-{who}" for who in WHO]),
        ("customer_id", 1000 + 7 * WHO),
        ("StoreId", [f"{who:05}x" for who in WHO]),
        ("subject", [chr(65 + who // 26) + chr(65 + who % 26) for who in WHO]),
    ],
    ids=["patient", "number", "code", "customer_id", "StoreId", "subject"],
)
def test_a_repeated_identifier_raises_the_question_of_groups(name, values):
    (text,) = _warnings(**{name: values})
    assert text.startswith(f"'{name}' occurs 20 times on average (50 different values).")
    assert f"--group {name}" in text


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("color", RNG.choice(["red", "blue", "green"], 1000)),
        ("city", [f"{chr(97 + who // 26)}{chr(97 + who % 26)}ton" for who in WHO]),
        ("city", [f"city_{who}" for who in WHO]),
        ("area", [f"region {who}" for who in WHO]),
        ("age", 18 + WHO),
        ("room", [f"A{who % 5}" for who in WHO]),
        ("model", [f"{chr(65 + who % 26)}{who}" for who in WHO]),
        ("user_score", RNG.normal(size=1000)),
    ],
    ids=["color", "city", "numbered", "prefix", "age", "few", "model", "amount"],
)
def test_a_category_and_an_amount_do_not(name, values):
    assert _warnings(**{name: values}) == []


def test_a_group_that_is_named_answers_the_question():
    frame = pl.DataFrame({"x": RNG.normal(size=1000), "y": RNG.normal(size=1000), "patient": WHO, "visit_id": WHO % 25})
    notes = open_splits(frame, target="y", group="patient").notes
    assert not any("--group" in note.text for note in notes)


@pytest.mark.parametrize(
    ("target", "warnings"),
    [
        (RNG.normal(size=1000), 0),
        (RNG.choice(["yes", "no"], 1000), 0),
        (np.where(ALIKE > 0, "yes", "no"), 1),
        (np.digitize(ALIKE, [-1, 0, 1]).astype(str), 1),
    ],
    ids=["noise", "random classes", "two classes", "four classes"],
)
def test_identifiers_matter_where_the_target_of_their_rows_is_alike(target, warnings):
    assert len(_warnings(y=target, patient=[f"P{who:03}" for who in WHO])) == warnings

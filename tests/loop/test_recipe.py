"""Contract of the whole recipe: each line changes what it says, into a valid plan, toward what it is meant for."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from goodfit.loop.prescription import Proposal, RecipeContext
from goodfit.loop.proposals import followed_up, prescribed
from goodfit.loop.recipe import RECIPE
from goodfit.loop.variations import variation
from goodfit.plan import Plan

PLANS = (
    Plan(),
    Plan(batch_size=0, hidden_units=(), preparation="standard"),
    Plan(layer="convolutional", hidden_units=(8,), augmentation=0.5),
    Plan(
        optimizer="momentum",
        patience=5,
        batch_norm="before",
        keep_prob=(0.5, 0.9),
        hidden_units=(40, 20),
        label_smoothing=0.1,
    ),
)


@pytest.mark.parametrize("prescription", RECIPE, ids=lambda prescription: prescription.id)
def test_a_prescription_changes_a_plan_into_another_valid_one(prescription):
    applied = 0
    for plan in PLANS:
        for task, flips in product(("binary", "classes", "regression"), (None, True, False)):
            tail = "log" if task == "regression" else None
            changes = prescription.changes(RecipeContext(plan, 5000, task, 0.3, flips, tail))
            if changes is not None:
                applied += 1
                assert plan.with_(**changes) != plan
    assert applied > 0
    assert prescription.gaps
    assert prescription.why


def test_names_and_ids_are_unique():
    assert len({prescription.name for prescription in RECIPE}) == len(RECIPE)
    assert len({prescription.id for prescription in RECIPE}) == len(RECIPE)


def _changes(prescription_id, context) -> dict[str, Any]:
    return next(prescription for prescription in RECIPE if prescription.id == prescription_id).changes(context) or {}


def test_a_heavy_tailed_target_is_transformed_or_fitted_robustly():
    heavy, plain = (
        RecipeContext(Plan(), 5000, "regression", 1.0, None, "log"),
        RecipeContext(Plan(), 5000, "binary", 1.0),
    )
    assert _changes("target-transform", heavy) == {"target_transform": "log"}
    assert _changes("robust-loss", heavy) == {"loss": "huber"}
    assert _changes("target-transform", heavy._replace(plan=Plan(target_transform="log"))) == {}
    assert _changes("target-transform", plain) == _changes("robust-loss", plain) == {}


def test_the_recipe_of_the_course_notes_is_in_it():
    context = RecipeContext(Plan(), 5000, "classes", 1.0)
    assert _changes("bigger-network", context) == {"hidden_units": (512, 512, 512)}
    assert _changes("train-longer", context) == {"epochs": 120}
    assert _changes("other-optimizer", context)["optimizer"] == "rmsprop"
    assert _changes("stronger-dropout", context) == {"keep_prob": 0.65}
    assert _changes("l2-penalty", context) == {"l2": 1.0}
    assert _changes("deeper-residual-network", context)["architecture"] == "residual"
    gaps = {prescription.id: prescription.gaps for prescription in RECIPE}
    against_bias = ("bigger-network", "train-longer", "other-optimizer", "deeper-residual-network")
    against_variance = ("l2-penalty", "stronger-dropout", "smaller-network", "deeper-residual-network")
    assert all("bias" in gaps[prescription_id] for prescription_id in against_bias)
    assert all("variance" in gaps[prescription_id] for prescription_id in against_variance)


def test_early_stopping_and_l2_are_tried_apart():
    """Orthogonalization, as in the course notes: one without the other, never both."""
    assert _changes("early-stopping", RecipeContext(Plan(l2=2.0), 5000, "classes", 1.0)) == {
        "patience": 6,
        "l2": 0.0,
    }
    assert _changes("l2-without-early-stopping", RecipeContext(Plan(patience=6), 5000, "classes", 1.0)) == {
        "patience": 0,
        "l2": 1.0,
    }


def test_mini_batches_are_prescribed_for_a_whole_batch():
    whole_batch = Plan(batch_size=0, epochs=120)
    assert _changes("mini-batches-128", RecipeContext(whole_batch, 1000, "classes", 1.0)) == {
        "batch_size": 128,
        "epochs": 60,
        "learning_rate": 1.5e-3,
    }
    assert _changes("mini-batches-128", RecipeContext(whole_batch, 200, "classes", 1.0)) == {}


def test_class_weights_only_where_a_class_is_rare():
    assert _changes("class-weights", RecipeContext(Plan(), 5000, "classes", 0.9)) == {}
    assert _changes("class-weights", RecipeContext(Plan(), 5000, "classes", 0.2)) == {"class_balance": 0.5}


def test_lines_for_images_are_for_images_and_flips_where_labels_survive_them():
    table, upright, mirrored = (RecipeContext(Plan(), 5000, "classes", 1.0, flips) for flips in (None, False, True))
    images = {"augmentation": {"augmentation": 0.5}, "flips": {"flip": 0.5}}
    assert [_changes(name, mirrored) for name in images] == list(images.values())
    assert [_changes(name, upright) for name in images] == [{"augmentation": 0.5}, {}]
    assert not any(_changes(name, table) for name in (*images, "convolutional-layers"))
    assert _changes("convolutional-layers", upright)["layer"] == "convolutional"
    more = mirrored._replace(plan=Plan(augmentation=0.5, flip=0.5, layer="convolutional"))
    assert [_changes(name, more) for name in (*images, "convolutional-layers")] == [{"augmentation": 1.0}, {}, {}]
    assert _changes("without-augmentation", more) == {"augmentation": 0.0}
    assert not _changes("without-augmentation", mirrored)
    assert not _changes("standard-preparation", mirrored)


def test_variations_stay_near_on_their_scales():
    generator = np.random.default_rng(0)
    samples = [variation(Plan(), generator) for _ in range(400)]
    rates = np.log([changes["learning_rate"] / 3e-3 for changes in samples]) / np.log(3)
    assert np.abs(rates).max() <= 1.001
    assert np.mean(rates) == pytest.approx(0, abs=0.1)
    assert np.std(rates) == pytest.approx(np.sqrt(1 / 3), rel=0.1)  # uniform on a log scale
    assert all(0.69 < keep < 0.93 for changes in samples for keep in changes["keep_prob"])
    assert all(Plan().with_(**changes).structure == Plan().structure for changes in samples)  # no new program


def _prescribed(gaps, *measured_plans):
    context = RecipeContext(Plan(), 5000, "classes", 1.0)
    return [proposal.id for proposal in prescribed(RECIPE, context, gaps, set(measured_plans))]


def test_only_lines_for_the_gap_that_change_into_something_new_are_prescribed():
    against_bias = _prescribed(["bias"], Plan(epochs=120))
    assert "bigger-network" in against_bias
    assert "train-longer" not in against_bias  # measured already
    assert "l2-penalty" not in against_bias  # against variance
    assert "batch-norm" in _prescribed(["bias", "variance"])
    assert "bigger-network" not in _prescribed(["bias", "variance"])


def test_against_variance_dropout_comes_before_other_preparations():
    against_variance = _prescribed(["variance"])
    preparations = [place for place, proposal in enumerate(against_variance) if proposal.endswith("preparation")]
    assert len(preparations) == 3
    assert against_variance.index("stronger-dropout") < min(preparations)


def test_a_round_without_adoption_is_followed_up_with_larger_doses_and_pairs():
    context = RecipeContext(Plan(), 5000, "classes", 1.0)
    promising = [
        Proposal("train-longer", "train longer", "", {"epochs": 120}),
        Proposal("l2-penalty", "L2 penalty", "", {"l2": 1.0}),
    ]
    proposals = followed_up(RECIPE, context, promising, set())
    assert {proposal.name: proposal.changes for proposal in proposals} == {
        "train longer, twice": {"epochs": 240},
        "L2 penalty, twice": {"l2": 4.0},
        "train longer and L2 penalty": {"epochs": 120, "l2": 1.0},
    }
    assert [proposal.id for proposal in proposals] == [
        "train-longer-twice",
        "l2-penalty-twice",
        "train-longer-and-l2-penalty",
    ]


def test_a_doubled_change_is_not_doubled_again():
    context = RecipeContext(Plan(), 5000, "classes", 1.0)
    doubled = Proposal("train-longer-twice", "train longer, twice", "", {"epochs": 240})
    assert followed_up(RECIPE, context, [doubled], set()) == []

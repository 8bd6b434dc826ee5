"""Branches: new runs from another one's parameters, where their shapes allow."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import goodfit
from goodfit.api.branch import begin_branch
from goodfit.errors import InputError, PlanError

pytestmark = pytest.mark.usefixtures("small_pieces")

STILL = {"learning_rate": 1e-12, "epochs": 1, "batch_norm_beta": 0.9999999}  # a training that changes nothing


class Cut(BaseException):
    """In place of a kill."""


@pytest.fixture(scope="module")
def plan(small_plan):
    return small_plan.with_(batch_norm="before", keep_prob=0.9, batch_norm_beta=0.8)


@pytest.fixture
def cut_off(table, plan, tmp_path):
    """A training that was cut off after an epoch, having done something there; returns its run."""

    def train(at, do=None, seed=3):
        runs = []

        def visited(text, share, seconds_left):
            (run,) = (tmp_path / "runs").iterdir()
            runs[:] = [run]
            said = run / "checkpoint" / "now.json"
            if said.exists() and json.loads(said.read_text())["epoch"] >= at:
                if do:
                    do(run)
                raise Cut

        with pytest.raises(Cut):
            goodfit.train(table, target="kind", plan=plan, seed=seed, out=tmp_path / "runs", progress=visited)
        return runs[0]

    return train


@pytest.fixture
def ended(table, plan, tmp_path):
    return goodfit.train(table, target="kind", plan=plan, seed=3, out=tmp_path).run


def origin(fit):
    assert fit.result.branched_from
    return fit.result.branched_from


def predicted(run):
    return pl.read_parquet(Path(run) / "predictions.parquet").select("^p:.*$").to_numpy()


def test_it_starts_from_the_best_parameters_of_a_run_that_has_ended(ended):
    fit = goodfit.branch(ended, batch_size=64, optimizer="momentum", **STILL)
    np.testing.assert_allclose(predicted(fit.run), predicted(ended), atol=1e-5)
    best = json.loads((Path(ended) / "result.json").read_text())["best_epoch"]
    assert (origin(fit).run, origin(fit).epoch) == (str(ended), best)
    assert len(origin(fit).fitted) == 7  # W, γ and β, then W and b; and two averages of the hidden layer
    assert fit.plan.optimizer == "momentum"
    assert fit.run.parent == Path(ended).parent


@pytest.mark.parametrize(
    ("changes", "fitted"),
    [
        ({"hidden_units": [16, 16]}, ["layers.0.W", "layers.0.beta", "layers.0.gamma"]),
        ({"hidden_units": [24]}, ["layers.1.b"]),
        ({"batch_norm": "none"}, ["layers.0.W", "layers.1.W", "layers.1.b"]),
    ],
)
def test_what_does_not_fit_starts_anew(ended, changes, fitted):
    fit = goodfit.branch(ended, **changes, epochs=2)
    names = [name for name in origin(fit).fitted if not name.startswith("averages")]
    assert sorted(names) == fitted


def test_it_starts_from_an_unfinished_run_at_an_epoch_or_from_its_best(cut_off, tmp_path):
    run = cut_off(9)
    early = goodfit.branch(run, epoch=4, **STILL)
    assert 1 <= origin(early).epoch <= 4
    best = goodfit.branch(run, **STILL)
    assert origin(best).epoch > 4
    dev = {each.run: each.dev_error for each in (early, best)}
    assert len(set(dev.values())) == 2


def test_a_live_run_is_branched_and_not_disturbed(cut_off, ended, table, plan):
    branches = []
    run = cut_off(6, lambda run: branches.append(begin_branch(run, learning_rate=0.001)))
    (fresh,) = branches
    assert goodfit.resume(fresh).plan.learning_rate == 0.001
    whole = goodfit.resume(run).run
    assert (Path(whole) / "model.safetensors").read_bytes() == (Path(ended) / "model.safetensors").read_bytes()


def test_cut_off_a_branch_is_resumed_to_the_same_bits(ended, tmp_path):
    whole = goodfit.branch(ended, batch_size=64, learning_rate=0.01).run

    def cut(text, share, seconds_left):
        if share is not None and share > 0.5:
            raise Cut

    with pytest.raises(Cut):
        goodfit.branch(ended, batch_size=64, learning_rate=0.01, progress=cut)
    (half,) = [path for path in Path(ended).parent.iterdir() if (path / "checkpoint").exists()]
    goodfit.resume(half)
    for name in ("model.safetensors", "history.parquet"):
        assert (half / name).read_bytes() == (Path(whole) / name).read_bytes()


def test_what_cannot_be_branched_is_a_sentence_and_leaves_nothing(ended, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(PlanError, match="did you mean 'batch_size'"):
        goodfit.branch(ended, batch_siz=4)
    with pytest.raises(InputError, match="only its best parameters are kept; leave the epoch out"):
        goodfit.branch(ended, epoch=4)
    with pytest.raises(InputError, match=r"no parameters of .* fit this plan"):
        goodfit.branch(ended, hidden_units=[], batch_norm="none", preparation="piecewise")
    with pytest.raises(InputError, match="is not a run directory"):
        goodfit.branch(tmp_path / "nowhere")
    assert sorted(tmp_path.iterdir()) == before

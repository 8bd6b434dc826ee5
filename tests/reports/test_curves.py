import math

import polars as pl

from goodfit.reports.curves import MOST_CURVES, MOST_EPOCHS, MOST_VALUES, SERIES, Curve, read_curves


def history(
    dev_costs: list[list[float]], *, round: int = 1, name: str = "incumbent", fold: bool = False
) -> pl.DataFrame:
    """One network a list; the other series are multiples of the dev cost."""
    frames = []
    for seed, costs in enumerate(dev_costs):
        columns = {series: [(i + 1) * cost for cost in costs] for i, series in enumerate(reversed(SERIES))}
        columns["dev_cost"] = costs
        labels = {"round": round, "experiment": name, "seed": 0 if fold else seed, "fold": seed if fold else 0}
        frames.append(pl.DataFrame({"epoch": range(1, len(costs) + 1), **labels, **columns}))
    return pl.concat(frames)


def only(frame: pl.DataFrame) -> Curve:
    ((curve,), left_out) = read_curves(frame)
    assert left_out == 0
    return curve


def test_mean_lowest_and_highest_over_seeds():
    curve = only(history([[4.0, 2.0, 3.0], [2.0, 1.0, 5.0]]))
    assert curve.bands["dev_cost"] == ((3.0, 1.5, 4.0), (2.0, 1.0, 3.0), (4.0, 2.0, 5.0))
    assert curve.bands["dev_error"][0] == (3.0, 1.5, 4.0)
    assert (curve.models, curve.best_epoch, curve.epochs) == (2, 2, (1, 2, 3))


def test_folds_of_one_seed_count_as_networks():
    assert only(history([[1.0], [3.0], [8.0]], fold=True)).models == 3


def test_the_curve_ends_where_fewer_than_half_of_the_networks_are_left():
    assert only(history([[3.0, 2.0, 1.0], [3.0, 2.0], [3.0]])).epochs == (1, 2)


def test_diverged_networks_do_not_poison_the_mean():
    curve = only(history([[1.0, math.inf], [3.0, math.nan]]))
    assert curve.bands["dev_cost"][0] == (2.0, None)
    assert curve.best_epoch == 1


def test_long_histories_are_thinned_but_keep_their_ends_and_the_best_epoch():
    costs = [abs(epoch - 1234) + 1.0 for epoch in range(1, 5001)]
    curve = only(history([costs]))
    assert len(curve.epochs) <= MOST_EPOCHS + 1
    assert (curve.epochs[0], curve.epochs[-1], curve.best_epoch) == (1, 5000, 1234)
    assert 1234 in curve.epochs


def test_many_curves_are_thinned_more():
    frame = pl.concat([history([[1.0] * 500], name=f"experiment {i}") for i in range(MOST_CURVES + 3)])
    curves, left_out = read_curves(frame)
    assert (left_out, len(curves), curves[0].experiment) == (3, MOST_CURVES, "experiment 3")
    assert {len(curve.epochs) for curve in curves} == {MOST_VALUES // MOST_CURVES}


def test_baselines_come_first_and_ensemble_members_last():
    parts = [history([[1.0]], round=number) for number in (-1, 2, 0, 1)]
    chapters = [curve.chapter for curve in read_curves(pl.concat(parts))[0]]
    assert chapters == ["Baselines", "Round 1", "Round 2", "Ensemble members"]

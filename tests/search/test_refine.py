"""Numbers near the best plans that were measured."""

import numpy as np

from goodfit.plan import Plan
from goodfit.search.refine import nearby_plans

BASE = Plan(optimizer="momentum", keep_prob=1.0, weight_decay=0.01)


def test_draws_lie_around_the_best_rates_on_a_log_scale():
    rates = np.geomspace(1e-4, 1e-1, 13)
    measured = [(BASE.with_(learning_rate=float(rate)), abs(float(np.log10(rate / 3e-3)))) for rate in rates]
    log_rates = np.log10([plan.learning_rate for plan in nearby_plans(BASE, measured, 13, 0)])
    assert abs(np.median(log_rates) - np.log10(3e-3)) < 0.4
    assert log_rates.std() < 0.7 * np.log10(rates).std()


def test_what_the_plan_does_without_stays_so_and_other_programs_tell_nothing():
    wider = BASE.with_(hidden_units=(8,), learning_rate=0.09)
    plans = nearby_plans(BASE, [(BASE, 1.0), (wider, 0.0)], 8, 0)
    assert {(plan.keep_prob, plan.l2, plan.structure) for plan in plans} == {(1.0, 0.0, BASE.structure)}
    assert nearby_plans(BASE, [(BASE, 1.0)], 8, 0) == plans
    assert len({plan.weight_decay for plan in plans}) == 8


def test_a_measured_plan_outside_the_usual_range_counts_at_its_end():
    measured = [(BASE.with_(learning_rate=5.0), 0.0), (BASE.with_(learning_rate=4.0), 0.1)]
    assert all(plan.learning_rate <= 0.1 for plan in nearby_plans(BASE, measured, 8, 0))


def test_dropout_is_drawn_for_each_layer_where_a_measured_plan_has_it_so():
    uniform = BASE.with_(hidden_units=(16, 16), keep_prob=0.8)
    measured = [(uniform, 0.2), (uniform.with_(keep_prob=(0.9, 0.6)), 0.1)]
    assert all(len(set(plan.keep_probs)) == 2 for plan in nearby_plans(uniform, measured, 8, 0))
    assert all(len(set(plan.keep_probs)) == 1 for plan in nearby_plans(uniform, measured[:1], 8, 0))

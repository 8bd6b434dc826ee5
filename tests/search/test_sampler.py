"""The zoom sampler: Optuna's own cases, draws that depend on trial numbers alone, and denser search where it pays."""

from typing import Any

import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.testing.pytest_samplers import BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase
from scipy.stats import binom

from goodfit.errors import InputError
from goodfit.search.sampler import GoodfitZoomSampler

SPACE = {
    "x": FloatDistribution(1e-4, 1, log=True),
    "layers": IntDistribution(1, 4),
    "kind": CategoricalDistribution(("a", "b", "c")),
}


@pytest.fixture(autouse=True)
def _quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


class TestOptunasCases(BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase):
    @pytest.fixture(params=[{}, {"wave_size": 2, "group": 1}, {"wave_size": 4, "structural": frozenset({"x"})}])
    def sampler(self, request):
        return lambda: GoodfitZoomSampler(**request.param)


def worth(params) -> float:
    return abs(params["x"] - 0.01) + params["layers"] + (params["kind"] == "b")


def searched(count: int, storage=None, sign: int = 1, **settings: Any) -> optuna.Study:
    direction = optuna.study.StudyDirection(sign % 3)  # 1 minimizes; 2, here of -1, maximizes
    study = optuna.create_study(storage=storage, direction=direction, sampler=GoodfitZoomSampler(**settings))
    for _ in range(count):
        trial = study.ask(SPACE)
        study.tell(trial, sign * worth(trial.params))
    return study


def params_of(study) -> list[dict]:
    return [trial.params for trial in study.trials]


@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_the_storage_changes_nothing_nor_does_beginning_anew(kind, tmp_path):
    if kind == "sqlite":
        storage = RDBStorage(f"sqlite:///{tmp_path}/study.db")
    else:
        storage = JournalStorage(JournalFileBackend(str(tmp_path / "study.log")))
    study = searched(9, storage, seed=3, wave_size=6)
    reloaded = optuna.load_study(
        study_name=study.study_name, storage=storage, sampler=GoodfitZoomSampler(seed=3, wave_size=6)
    )
    for _ in range(9):
        trial = reloaded.ask(SPACE)
        reloaded.tell(trial, worth(trial.params))
    assert params_of(reloaded) == params_of(searched(18, InMemoryStorage(), seed=3, wave_size=6))


def test_the_order_of_asking_and_telling_changes_nothing():
    study = optuna.create_study(sampler=GoodfitZoomSampler(wave_size=6))
    for _ in range(3):
        batch = [study.ask() for _ in range(6)]
        for trial in reversed(batch):
            for name in reversed(SPACE):
                trial._suggest(name, SPACE[name])
        for trial in reversed(batch):
            study.tell(trial, worth(trial.params))
    assert params_of(study) == params_of(searched(18, wave_size=6))


def test_maximizing_the_negative_is_the_same_search():
    assert params_of(searched(18, wave_size=6)) == params_of(searched(18, wave_size=6, sign=-1))


def test_seeds_and_parameters_have_draws_of_their_own():
    first, second = (searched(6, wave_size=6, seed=seed) for seed in (0, 1))
    assert not {params["x"] for params in params_of(first)} & {params["x"] for params in params_of(second)}
    study = optuna.create_study(sampler=GoodfitZoomSampler(wave_size=6))
    draws = [study.ask({"y": FloatDistribution(0, 1), "z": FloatDistribution(0, 1)}).params for _ in range(6)]
    assert all(params["y"] != params["z"] for params in draws)


def test_the_first_wave_draws_once_in_each_part_of_a_range_in_no_order():
    study = optuna.create_study(sampler=GoodfitZoomSampler(wave_size=10))
    draws = [study.ask({"x": FloatDistribution(0, 10)}).params["x"] for _ in range(10)]
    assert sorted(int(x) for x in draws) == list(range(10))
    assert draws != sorted(draws)
    assert max(abs(x % 1 - 0.5) for x in draws) > 0.2  # no grid


def structures_of(draws: list[dict]) -> list[tuple]:
    return [(params["layers"], params["kind"]) for params in draws]


def test_a_group_shares_structural_draws():
    settings = {"structural": frozenset({"layers", "kind"}), "group": 4, "wave_size": 8}
    draws = params_of(searched(8, **settings))
    for group in (draws[:4], draws[4:]):
        assert len(set(structures_of(group))) == 1
        assert len({params["x"] for params in group}) == 4
    assert len(set(structures_of(draws))) == 2
    assert len(set(structures_of(params_of(searched(8, **(settings | {"group": 1})))[:4]))) > 1


def test_most_later_trials_have_a_structure_that_is_compiled_already():
    """Three groups of four in four; the others, a structure for the group."""
    settings = {"structural": frozenset({"layers", "kind"}), "group": 4, "wave_size": 32}
    groups = inherited = 0
    for seed in range(8):
        draws = structures_of(params_of(searched(96, seed=seed, **settings)))
        for start in range(32, 96, 4):
            before, group = draws[: start // 32 * 32], draws[start : start + 4]
            groups += 1
            inherited += all(structure in before for structure in group)
            assert len(set(group)) == 1 or all(structure in before for structure in group)
    assert inherited > 0.7 * groups  # a new draw may also be one that is known


def after_a_wave(distribution: BaseDistribution, values: list, count: int) -> list:
    """Draw one parameter after a wave of these values, the best first."""
    study = optuna.create_study()
    for worth, value in enumerate(values):
        study.add_trial(optuna.create_trial(params={"x": value}, distributions={"x": distribution}, value=worth))
    trial = optuna.create_trial(state=optuna.trial.TrialState.RUNNING)
    trial.number = len(values)
    samplers = [GoodfitZoomSampler(seed, wave_size=len(values), group=1) for seed in range(count)]
    return [sampler.sample_independent(study, trial, "x", distribution) for sampler in samplers]


def test_later_draws_are_dense_in_the_region_and_some_are_global():
    values = [0.5, 0.45, 0.55] + [0.9] * 9  # the best fifth of 12 is three
    draws = after_a_wave(FloatDistribution(0, 1), values, 400)
    outside = sum(not 0.45 <= x <= 0.55 for x in draws)
    share = 0.1 * 0.9  # global, and not in the region's tenth
    assert 1e-3 < binom.cdf(outside, 400, share) < 1 - 1e-3
    assert min(draws) < 0.2
    assert max(draws) > 0.8


def test_choices_follow_the_good_trials_in_the_reported_shares():
    kinds = CategoricalDistribution(("a", "b", "c"))
    draws = after_a_wave(kinds, ["b", "a", "b"] + ["c"] * 9, 400)
    following = 0.9 * 3 / 4
    uniform = (1 - following) / 3
    for kind, share in {"a": uniform + following * 4 / 14, "b": uniform + following * 10 / 14, "c": uniform}.items():
        assert 1e-3 < binom.cdf(draws.count(kind), 400, share) < 1 - 1e-3


def test_one_good_trial_is_not_followed():
    study = optuna.create_study(sampler=GoodfitZoomSampler(wave_size=20, group=1))
    for number in range(40):
        trial = study.ask({"x": FloatDistribution(0, 1)})
        if number == 0:
            study.tell(trial, 0.0)
        else:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
    later = [trial.params["x"] for trial in study.trials[20:]]
    assert min(later) < 0.2
    assert max(later) > 0.8


def test_parameters_of_some_trials_only_are_zoomed_by_those():
    def objective(trial: optuna.Trial) -> float:
        if trial.suggest_categorical("deep", [True, False]):
            return (trial.suggest_float("second", 0, 1) - 0.3) ** 2
        return 1.0

    study = optuna.create_study(sampler=GoodfitZoomSampler(wave_size=20, group=1))
    study.optimize(objective, n_trials=100)
    late = [trial.params["second"] for trial in study.trials[60:] if "second" in trial.params]
    assert len(late) > 30  # the better choice is made more often, and the other not never
    assert len(late) < 40
    assert sum(abs(x - 0.3) < 0.1 for x in late) > 0.7 * len(late)  # 0.2 of them if draws everywhere


def test_regions_of_each_wave():
    study = searched(30, wave_size=12, group=1)
    waves = GoodfitZoomSampler(wave_size=12, group=1).regions(study)
    assert [set(wave) for wave in waves] == [set(SPACE)] * 3
    assert (waves[0]["x"].low, waves[0]["x"].high) == (1e-4, 1)
    assert waves[0]["kind"].shares == pytest.approx(dict.fromkeys("abc", 1 / 3))
    best = min(params_of(study)[:12], key=worth)
    for name in ("x", "layers"):
        assert waves[1][name].low <= best[name] <= waves[1][name].high
    low, high = waves[2]["x"].low, waves[2]["x"].high
    assert low is not None
    assert high is not None
    assert high / low < 1e4 / 3
    assert sum(low <= params["x"] <= high for params in params_of(study)[24:]) >= 4  # of six, one in ten global


def test_the_zoom_ends_nearer_to_the_optimum_than_random_search():
    def objective(trial: optuna.Trial) -> float:
        return sum((trial.suggest_float(f"x{i}", 0, 1) - 0.37) ** 2 for i in range(4))

    def best(sampler) -> float:
        study = optuna.create_study(sampler=sampler)
        study.optimize(objective, n_trials=72)
        return study.best_value

    wins = [best(GoodfitZoomSampler(seed, group=1)) < best(optuna.samplers.RandomSampler(seed)) for seed in range(10)]
    assert sum(wins) >= 9


@pytest.mark.parametrize("settings", [{"seed": -1}, {"wave_size": 0}, {"group": 0}])
def test_settings_that_mean_nothing_are_refused(settings):
    with pytest.raises(InputError, match="the zoom sampler's"):
        GoodfitZoomSampler(**settings)

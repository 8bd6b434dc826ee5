"""A search on a Ray cluster: the same trials with the same numbers as in one process, though a node is lost."""

import os
import secrets
import signal
import socket
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType

import pytest

from goodfit.data.splits import open_splits
from goodfit.errors import InputError, PlanError
from goodfit.plan import Plan
from goodfit.search import cluster as nodes
from goodfit.search.cluster import LOCAL, cluster
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.space import Space
from goodfit.search.storage import open_study
from goodfit.search.trials import Search
from goodfit.search.workers import Group, LocalWorker

# A token of these tests alone, which Ray reads when it is imported, and passes on to the processes that it starts
os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_USAGE_STATS_ENABLED": "0"}
ray = pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
cluster_utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed: pip install -e '.[ray]'")
pytestmark = pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning")  # by Ray, see cluster._join

BASE = Plan(hidden_units=(8,), batch_size=16, epochs=12, keep_prob=1.0)
SPACE = Space.parse(["learning_rate=log:1e-4..1e-1", "units=choice:4,8"], BASE)  # two structures, so two groups a round
ROUND = 8
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
GROUP = Group((BASE, BASE.with_(learning_rate=0.01)), (1, 2), {})


@pytest.fixture(scope="module")
def splits():
    return open_splits("iris")


@pytest.fixture(scope="module")
def finished_study(splits, tmp_path_factory):
    study, finished = searched(LocalWorker(splits), f"sqlite:///{tmp_path_factory.mktemp('whole') / 'study.db'}")
    assert finished
    return study


@pytest.fixture(scope="module")
def two():
    """A cluster of two nodes on this machine, and the one that may be lost."""
    ray_cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    yield ray_cluster, ray_cluster.add_node(**NODE)
    ray_cluster.shutdown()


@pytest.fixture(scope="module")
def joined(two):
    """A session of Ray, which `cluster` takes as it is."""
    ray.init(two[0].address, log_to_driver=False)
    yield two[0].address
    ray.shutdown()


def searched(workers, url):
    study = open_study(url, "one", "iris", GoodfitZoomSampler(3, ROUND, SPACE.structural, group=4))
    return study, Search(study, SPACE, workers, 16, ROUND, 3, lambda done, best: None).run()


def facts(study):
    return [(trial.number, trial.state, trial.params, trial.value) for trial in study.trials]


@contextmanager
def when_all_train(act):
    """Do this once every node has a task; gives a list that then is not empty."""
    done, over = [], threading.Event()

    def watch():
        while not over.is_set():
            if ray.is_initialized() and ray.available_resources().get("CPU", 0) == 0:
                act()
                done.append(True)
                return
            time.sleep(0.02)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield done
    finally:
        over.set()
        thread.join()


def test_a_lost_node_costs_only_its_stack(splits, finished_study, two, tmp_path, monkeypatch, capfd):
    puts, lost, put = [], [], ray.put
    result = nodes._Nodes._result

    def noted_result(self, task):
        records, reason = result(self, task)
        lost.extend([reason] if records is None else [])
        return records, reason

    monkeypatch.setattr(ray, "put", lambda value: puts.append(value) or put(value))
    monkeypatch.setattr(nodes._Nodes, "_result", noted_result)
    ray_cluster, node = two
    with cluster(ray_cluster.address, splits) as workers:
        assert sum(node["Alive"] for node in ray.nodes()) == 2
        with when_all_train(lambda: ray_cluster.remove_node(node, allow_graceful=False)) as killed:
            study, finished = searched(workers, f"sqlite:///{tmp_path / 'study.db'}")
        assert sum(node["Alive"] for node in ray.nodes()) == 1
    assert not ray.is_initialized()
    assert finished
    assert killed
    assert lost
    assert facts(study) == facts(finished_study)
    assert puts == [splits]
    assert capfd.readouterr().out == ""  # where Ray would tell of the node


def test_alone_it_is_a_cluster_of_this_machine(splits):
    with cluster(LOCAL, splits) as workers:
        assert len(ray.nodes()) == 1
        assert list(map(without_times, workers([GROUP]))) == list(map(without_times, LocalWorker(splits)([GROUP])))
    assert not ray.is_initialized()


def without_times(records):
    return [replace(record, seconds=None) for record in records]


@pytest.mark.parametrize("address", ["10.0.0.7", "ray://10.0.0.7:10001", "10.0.0.7:ray", ":6379"])
def test_what_is_no_address_is_refused(splits, address):
    sentence = "is not the address of a Ray cluster; give HOST:PORT"
    with pytest.raises(InputError, match=sentence), cluster(address, splits):
        pass


def test_an_address_that_does_not_answer(splits, monkeypatch):
    monkeypatch.setattr(nodes, "_ANSWER_SECONDS", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        sentence = rf"^no Ray cluster answers at {address} \(nothing within 2 s\); start one with `ray start --head`"
        with pytest.raises(InputError, match=sentence), cluster(address, splits):
            pass
    sentence = rf"^no Ray cluster answers at {address} \(Connection refused\); "
    with pytest.raises(InputError, match=sentence), cluster(address, splits):
        pass


def test_another_token_is_told_of(splits, two, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "another")
    monkeypatch.setattr(nodes, "_ANSWER_SECONDS", 6.0)
    with pytest.raises(InputError, match="requires another token"), cluster(two[0].address, splits):
        pass


def test_without_ray_it_says_how_to_install_it(splits, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    sentence = r"^Ray is not installed; pip install 'goodfit\[ray\]'$"
    with pytest.raises(InputError, match=sentence), cluster(LOCAL, splits):
        pass


def test_ctrl_c_ends_the_tasks_and_leaves_a_search_that_goes_on(splits, finished_study, joined, tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    with cluster(joined, splits) as workers:
        with when_all_train(lambda: os.kill(os.getpid(), signal.SIGINT)) as cut:
            study, finished = searched(workers, url)
        assert cut
        assert not finished
        assert len(study.trials) == ROUND
        study, finished = searched(workers, url)  # which would wait for ever for a node that is busy
    assert finished
    assert facts(study) == facts(finished_study)
    assert ray.is_initialized()


def test_an_error_of_a_training_is_raised_as_it_is(splits, joined, monkeypatch):
    def refuse(*arguments):
        raise PlanError("no such plan")

    refuse.__module__ = "__main__"
    monkeypatch.setattr(nodes, "train", refuse)
    with cluster(joined, splits) as workers, pytest.raises(PlanError, match=r"^no such plan$"):
        list(workers([GROUP]))


def test_a_node_without_goodfit_is_told_of(splits, joined, monkeypatch):
    nowhere = ModuleType("nowhere")
    exec("def train(*arguments): ...", nowhere.__dict__)
    monkeypatch.setitem(sys.modules, "nowhere", nowhere)
    monkeypatch.setattr(nodes, "train", nowhere.train)
    sentence = r"^a node of the Ray cluster cannot train \(ModuleNotFoundError: No module named 'nowhere'\); install"
    with cluster(joined, splits) as workers, pytest.raises(InputError, match=sentence):
        list(workers([GROUP]))


def test_a_group_that_kills_its_process_is_given_up(splits, joined, monkeypatch):
    def kill(*arguments):
        os.kill(os.getpid(), signal.SIGKILL)

    kill.__module__ = "__main__"  # so that it is sent finished_study, for a node cannot import this file
    monkeypatch.setattr(nodes, "train", kill)
    monkeypatch.setattr(nodes, "_MOST_LOSSES", 2)
    monkeypatch.setattr(nodes, "_REST_SECONDS", 0.0)
    sentence = r"^a stack was lost on 2 nodes of the Ray cluster \(.*died.*\); give it less --memory$"
    with cluster(joined, splits) as workers, pytest.raises(InputError, match=sentence):
        list(workers([GROUP]))

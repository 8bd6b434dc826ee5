"""The hooks in every kind of PyTorch loop: none of these ends it, and what cannot be seen is logged once."""

import copy
import io
import itertools
import logging

import numpy as np
import pytest

from goodfit.diagnosis.doctor import Doctor
from goodfit.hooks import TorchHooks

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[torch]'")
nn = torch.nn
original_backward = torch.autograd.backward


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Dropout(0.25), nn.Linear(6, 3))


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(16, 8, generator=generator), torch.randint(0, 3, (16,), generator=generator)


def step(model, optimizer, inputs, targets):
    optimizer.zero_grad()
    cost = nn.functional.cross_entropy(model(inputs), targets)
    cost.backward()
    optimizer.step()
    return cost.detach()


def history(doctor):
    return doctor.observation().signals.history


def facts(doctor):
    program = doctor.observation().program
    assert program is not None
    return program


def test_epochs_out_of_order_are_counted_on(model, batch, caplog):
    doctor, optimizer = Doctor(), torch.optim.SGD(model.parameters(), 0.1)
    with TorchHooks(model, doctor) as hooks:
        for epoch in (1, 2, 1, 2):
            hooks.end_epoch(epoch, train_cost=step(model, optimizer, *batch))
    np.testing.assert_array_equal(history(doctor)["epoch"], [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(history(doctor)["step"], [0, 1, 2, 3, 4])
    assert [record.name for record in caplog.records] == ["goodfit.hooks"]


def test_a_second_training_with_the_same_doctor_is_counted_on(model, batch):
    doctor = Doctor()
    for rate in (0.1, 0.01):
        optimizer = torch.optim.SGD(model.parameters(), rate)
        with TorchHooks(model, doctor) as hooks:
            hooks.end_epoch(1, train_cost=step(model, optimizer, *batch))
    np.testing.assert_array_equal(history(doctor)["epoch"], [0, 1, 2])
    np.testing.assert_allclose(history(doctor)["learning_rate"][1:], [0.1, 0.01])  # of the optimizer


@pytest.mark.parametrize("value", [torch.ones(3), "high", object(), [0.5, 0.5]])
def test_a_measurement_that_is_no_number_is_left_out_and_logged_once(model, batch, value, caplog):
    doctor, optimizer = Doctor(), torch.optim.SGD(model.parameters(), 0.1)
    with TorchHooks(model, doctor) as hooks:
        for epoch in (1, 2, 3):
            hooks.end_epoch(epoch, train_cost=step(model, optimizer, *batch), dev_cost=value)
    assert np.isfinite(history(doctor)["train_cost"][1:]).all()
    assert "dev_cost" not in history(doctor)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("epoch", [1.0, np.int64(1), torch.tensor(1), "1", None])
def test_a_number_of_an_epoch_of_another_type(model, batch, epoch):
    doctor, optimizer = Doctor(), torch.optim.SGD(model.parameters(), 0.1)
    with TorchHooks(model, doctor) as hooks:
        hooks.end_epoch(epoch, train_cost=step(model, optimizer, *batch))
    np.testing.assert_array_equal(history(doctor)["epoch"], [0, 1])


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_costs_of_any_type(model, batch, dtype):
    doctor, optimizer = Doctor(), torch.optim.SGD(model.parameters(), 0.1)
    with TorchHooks(model, doctor) as hooks:
        cost = step(model, optimizer, *batch).to(dtype)
        hooks.end_epoch(1, train_cost=cost, dev_cost=cost.requires_grad_())
    assert history(doctor)["train_cost"][1] == history(doctor)["dev_cost"][1] == cost.item()


def test_shapes_that_vary_between_epochs_are_observed():
    sizes = {(10, 8): nn.Linear(8, 3), (3, 12, 12): nn.Conv2d(3, 2, 3)}
    for (*shape, last), layer in sizes.items():
        doctor = Doctor(task="regression")
        with TorchHooks(layer, doctor) as hooks:
            for epoch in (1, 2, 3):
                varied = (*shape, last + epoch) if len(shape) == 2 else (shape[0] + epoch, last)
                layer(torch.randn(4, *varied)).square().mean().backward()
                hooks.end_epoch(epoch, train_cost=1.0)
        health = doctor.observation().signals.health
        assert health is not None
        assert np.isfinite(health.of("size")[1:, :]).all()


def test_a_layer_that_changes_its_width_leaves_the_costs(model, batch, caplog):
    doctor = Doctor()
    with TorchHooks(model, doctor) as hooks:
        for epoch in (1, 2, 3):
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            hooks.end_epoch(epoch, train_cost=step(model, optimizer, *batch))
            model[0], model[3] = nn.Linear(8, 6 + epoch), nn.Linear(6 + epoch, 3)
    assert np.isfinite(history(doctor)["train_cost"][1:]).all()
    assert len(caplog.records) <= 2


def test_layers_unfrozen_later_are_seen_from_then_on(model, batch):
    doctor, optimizer = Doctor(), torch.optim.SGD(model.parameters(), 0.1)
    model[0].requires_grad_(False)
    with TorchHooks(model, doctor) as hooks:
        hooks.end_epoch(1, train_cost=step(model, optimizer, *batch))
        model[0].requires_grad_(True)
        hooks.end_epoch(2, train_cost=step(model, optimizer, *batch))
    health = doctor.observation().signals.health
    assert health is not None
    assert health.layers == ("inputs", "layer 0", "layer 3")
    assert np.isnan(health.of("gradient")[1, 1])
    assert health.of("gradient")[2, 1] > 0


def test_copies_and_saved_models_carry_no_hooks(model, batch):
    doctor, optimizer = Doctor(), torch.optim.SGD(model.parameters(), 0.1)
    with TorchHooks(model, doctor) as hooks:
        step(model, optimizer, *batch)
        averaged = copy.deepcopy(model)
        file = io.BytesIO()
        torch.save(model, file)
        assert b"goodfit" not in file.getvalue()
        file.seek(0)
        saved = torch.load(file, weights_only=False)
        for other in (averaged, saved):
            assert torch.equal(other(1e6 * batch[0]), other(1e6 * batch[0])) or other.training
        hooks.end_epoch(1, train_cost=1.0)
    health = doctor.observation().signals.health
    assert health is not None
    assert health.of("size")[1, 0] < 10


def test_the_end_leaves_pytorch_as_it_was(model, batch):
    first, second = TorchHooks(model, Doctor()), TorchHooks(model, Doctor())
    assert torch.autograd.backward is not original_backward
    first.remove()
    first.remove()
    second.remove()
    assert torch.autograd.backward is original_backward
    step(model, torch.optim.SGD(model.parameters(), 0.1), *batch)
    assert first.steps == second.steps == 0
    assert not model._forward_hooks
    assert not model[0].weight._backward_hooks


def test_an_error_of_the_program_itself_passes_through(model, batch):
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), TorchHooks(model, Doctor()):
        model(torch.randn(3, 5))
    with pytest.raises(RuntimeError, match="does not require grad"), TorchHooks(model, Doctor()):
        torch.ones(()).backward()
    assert torch.autograd.backward is original_backward


def test_two_networks_against_each_other(batch):
    """A generator and a critic: each doctor counts the backward passes that reach its own model."""
    torch.manual_seed(0)
    maker, critic = nn.Linear(4, 8), nn.Linear(8, 1)
    makers, critics = torch.optim.SGD(maker.parameters(), 0.1), torch.optim.SGD(critic.parameters(), 0.1)
    loss, doctors = nn.BCEWithLogitsLoss(), (Doctor(task="regression"), Doctor(task="binary"))
    with TorchHooks(maker, doctors[0]) as of_maker, TorchHooks(critic, doctors[1]) as of_critic:
        for _ in range(3):
            critics.zero_grad()
            loss(critic(maker(torch.randn(16, 4)).detach()), torch.zeros(16, 1)).backward()
            critics.step()
        makers.zero_grad()
        loss(critic(maker(torch.randn(16, 4))), torch.ones(16, 1)).backward()
        makers.step()
        of_maker.end_epoch(1)
        of_critic.end_epoch(1)
    updates = [facts(doctor).updates for doctor in doctors]
    assert [seen.backward_passes for seen in updates] == [1, 4]
    assert [seen.steps for seen in updates] == [1, 3]


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_a_compiled_model_trains_and_shows_its_gradients(model, batch, backend):
    compiled, doctor = torch.compile(model, backend=backend), Doctor()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with TorchHooks(compiled, doctor) as hooks:
        for epoch in (1, 2):
            hooks.end_epoch(epoch, train_cost=step(compiled, optimizer, *batch))
    health, program = doctor.observation().signals.health, facts(doctor)
    assert health is not None
    assert health.layers == ("inputs", "layer 0", "layer 3")
    assert (health.of("gradient")[2, 1:] > 0).all()
    assert (health.of("update")[2, 1:] > 0).all()
    assert program.loss.name == "cross_entropy"
    assert program.targets.class_counts == tuple(np.bincount(batch[1].numpy()).tolist())


def test_scaled_gradients_and_gradients_of_gradients(model, batch):
    doctor, optimizer = Doctor(), torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu")
    with TorchHooks(model, doctor) as hooks:
        optimizer.zero_grad()
        scaler.scale(nn.functional.cross_entropy(model(batch[0]), batch[1])).backward()
        scaler.step(optimizer)
        scaler.update()
        inputs = batch[0].clone().requires_grad_()
        cost = nn.functional.cross_entropy(model(inputs), batch[1])
        (slope,) = torch.autograd.grad(cost, inputs, create_graph=True)
        (cost + slope.square().sum()).backward()
        optimizer.step()
        hooks.end_epoch(1, train_cost=cost)
    assert facts(doctor).loss.name == "cross_entropy"
    assert history(doctor)["step"][1] == 2


def test_an_optimizer_without_a_learning_rate(model, batch):
    class Walk(torch.optim.Optimizer):
        def step(self, closure=None):
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter.data -= 0.1 * parameter.grad

    doctor = Doctor()
    with TorchHooks(model, doctor) as hooks:
        hooks.end_epoch(1, train_cost=step(model, Walk(model.parameters(), {}), *batch))
    assert history(doctor)["step"][1] == facts(doctor).updates.steps == 1
    assert "learning_rate" not in history(doctor)


def test_a_hook_that_fails_is_silent_after_the_first_time(model, batch, caplog, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("a fault of ours")

    for part in ("read", "confirm", "loss_facts"):
        monkeypatch.setattr(f"goodfit.hooks.torch_loss.LossSeen.{part}", fail)
    for part in ("_weight", "first_tensor", "some", "inputs_first"):
        monkeypatch.setattr(f"goodfit.hooks.torch_layers.{part}", fail)
    doctor, optimizer = Doctor(), torch.optim.SGD(model.parameters(), 0.1)
    with caplog.at_level(logging.WARNING), TorchHooks(model, doctor) as hooks:
        for epoch, _ in itertools.product((1, 2, 3), range(2)):
            hooks.end_epoch(epoch, train_cost=step(model, optimizer, *batch))
    assert len(history(doctor)["epoch"]) == 6
    sentences = [record.getMessage() for record in caplog.records]
    assert len(sentences) == len(set(sentences)) > 0
    assert all("the training goes on" in sentence or "counted on" in sentence for sentence in sentences)


def test_modes_of_training_and_evaluation(model, batch):
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    modes = {}
    for is_training, is_evaluation in itertools.product((True, False), repeat=2):
        doctor = Doctor()
        with TorchHooks(model, doctor) as hooks:
            model.train(is_training)
            step(model, optimizer, *batch)
            model.train(is_evaluation)
            model(batch[0])  # with gradients, but none are taken
            with torch.no_grad():
                model(batch[0])
            hooks.end_epoch(1)
        layers = facts(doctor).layers
        modes[is_training, is_evaluation] = (layers.mode_in_training, layers.mode_in_evaluation)
    assert modes == {
        (training, evaluation): ("train" if training else "eval", "train" if evaluation else "eval")
        for training, evaluation in modes
    }

"""What the PyTorch hooks hand over about losses, outputs, data and optimizers, beside what is known of the program."""

import numpy as np
import pytest

from goodfit.diagnosis.doctor import Doctor
from goodfit.diagnosis.program_facts import NonFinite
from goodfit.hooks import TorchHooks

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[torch]'")
nn = torch.nn
F = nn.functional


def program_of(model, loss, inputs, targets, epochs=1, optimizer=None, zero=True, step=True, batch=16):
    """Train in a plain loop; returns the facts."""
    doctor = Doctor()
    optimizer = optimizer or torch.optim.SGD(model.parameters(), 0.01)
    with TorchHooks(model, doctor) as hooks:
        for epoch in range(1, epochs + 1):
            for rows in torch.arange(len(inputs)).split(batch):
                if zero:
                    optimizer.zero_grad()
                loss(model(inputs[rows]), targets[rows]).backward()
                if step:
                    optimizer.step()
            hooks.end_epoch(epoch)
    return facts(doctor)


def facts(doctor):
    program = doctor.observation().program
    assert program is not None
    return program


torch.manual_seed(0)
INPUTS = torch.randn(64, 8)
LABELS = torch.arange(64) % 3
SHARES = torch.rand(64, 3)
NUMBERS = torch.randn(64, 3)


def ended(*last, units=3):
    return lambda: nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, units), *last)


def written_out_squares(outputs, targets):
    return ((targets - outputs) ** 2).mean()


def log_loss_of_probabilities(outputs, targets):
    return -(targets * torch.log(outputs)).sum(1).mean()


def two_log_losses(outputs, targets):
    return -(targets * outputs.log() + (1 - targets) * (1 - outputs).log()).mean()


# The model, the loss, the targets, and the name, from_logits and last activation.
LOSSES = {
    "classes": (ended(), nn.CrossEntropyLoss(), LABELS, ("cross_entropy", True, "linear")),
    "classes, as a function": (ended(), F.cross_entropy, LABELS, ("cross_entropy", True, "linear")),
    "classes, as shares": (ended(), F.cross_entropy, SHARES, ("cross_entropy", True, "linear")),
    "classes, smoothed": (ended(), nn.CrossEntropyLoss(label_smoothing=0.1), LABELS, ("cross_entropy", True, "linear")),
    "softmax twice": (ended(nn.Softmax(1)), nn.CrossEntropyLoss(), LABELS, ("cross_entropy", True, "softmax")),
    "softmax twice, outside of the model": (
        ended(), lambda a, y: F.cross_entropy(a.softmax(1), y), LABELS, ("cross_entropy", True, "softmax")
    ),
    "log softmax": (ended(nn.LogSoftmax(1)), nn.NLLLoss(), LABELS, ("negative_log_likelihood", None, "log_softmax")),
    "log softmax in the loss": (
        ended(), lambda a, y: F.nll_loss(F.log_softmax(a, 1), y), LABELS, ("cross_entropy", True, "linear")
    ),
    "no log softmax": (ended(), nn.NLLLoss(), LABELS, ("negative_log_likelihood", None, "linear")),
    "softmax without logarithm": (
        ended(nn.Softmax(1)), nn.NLLLoss(), LABELS, ("negative_log_likelihood", None, "softmax")
    ),
    "probabilities": (ended(nn.Sigmoid()), nn.BCELoss(), SHARES, ("binary_cross_entropy", False, "sigmoid")),
    "logits": (ended(), nn.BCEWithLogitsLoss(), SHARES, ("binary_cross_entropy", True, "linear")),
    "sigmoid twice": (ended(nn.Sigmoid()), nn.BCEWithLogitsLoss(), SHARES, ("binary_cross_entropy", True, "sigmoid")),
    "ReLU before squares": (ended(nn.ReLU()), nn.MSELoss(), NUMBERS, ("squared_error", None, "relu")),
    "squares written out": (ended(), written_out_squares, NUMBERS, ("squared_error", None, "linear")),
    "distances": (ended(nn.Tanh()), nn.L1Loss(), NUMBERS, ("absolute_error", None, "tanh")),
    "Huber": (ended(), nn.HuberLoss(), NUMBERS, ("huber", None, "linear")),
    "log loss written out": (
        ended(nn.Softmax(1)), log_loss_of_probabilities, SHARES, ("cross_entropy", False, "softmax")
    ),
    "log losses written out": (ended(nn.Sigmoid()), two_log_losses, SHARES, ("binary_cross_entropy", False, "sigmoid")),
    "one of our own": (ended(), lambda a, y: (a - y).pow(4).mean(), NUMBERS, (None, None, None)),
    "two together": (
        ended(), lambda a, y: F.mse_loss(a, y) + F.huber_loss(a, y), NUMBERS, (None, None, None)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_and_the_last_activation(name):
    make_model, loss, targets, expected = LOSSES[name]
    program = program_of(make_model(), loss, INPUTS, targets)
    assert (program.loss.name, program.loss.from_logits, program.outputs.activation) == expected


@pytest.mark.parametrize("name", ["classes", "logits", "ReLU before squares", "squares written out", "distances"])
def test_targets_are_those_of_the_first_epoch(name):
    make_model, loss, targets, _ = LOSSES[name]
    seen = program_of(make_model(), loss, INPUTS, targets, epochs=2).targets
    values = targets.double().numpy()
    assert seen.examples == 64
    assert seen.columns == (1 if values.ndim == 1 else 3)
    assert seen.lowest == pytest.approx(values.min(), abs=1e-6)
    assert seen.highest == pytest.approx(values.max(), abs=1e-6)
    assert seen.mean == pytest.approx(values.mean(), abs=1e-6)
    assert seen.class_counts == ((22, 21, 21) if name == "classes" else None)


def test_a_constant_guess_costs_what_the_loss_says():
    mean = NUMBERS.double().mean(0)
    median = NUMBERS.double().quantile(0.5, 0)
    shares = SHARES.double().mean(0)
    expected = {
        "classes": F.cross_entropy(torch.tensor([22.0, 21, 21]).log().expand(64, 3), LABELS),
        "logits": F.binary_cross_entropy(shares.expand(64, 3), SHARES.double()),
        "ReLU before squares": F.mse_loss(mean.expand(64, 3), NUMBERS.double()),
        "distances": F.l1_loss(median.expand(64, 3), NUMBERS.double()),
    }
    for name, cost in expected.items():
        make_model, loss, targets, _ = LOSSES[name]
        guess = program_of(make_model(), loss, INPUTS, targets).targets.guess_cost
        assert guess == pytest.approx(cost.item(), rel=1e-6)
    guesses = torch.linspace(-1, 1, 2001)[:, None, None].expand(-1, 64, 3)
    costs = F.huber_loss(guesses, NUMBERS.expand(2001, -1, -1), reduction="none").mean(1).min(0).values.mean()
    guess = program_of(ended()(), nn.HuberLoss(), INPUTS, NUMBERS).targets.guess_cost
    assert guess == pytest.approx(costs.item(), abs=1e-5)
    for loss in (nn.MSELoss(reduction="sum"), lambda a, y: F.mse_loss(a, y) + a.abs().mean()):
        assert program_of(ended()(), loss, INPUTS, NUMBERS).targets.guess_cost is None
    assert program_of(ended()(), nn.CrossEntropyLoss(torch.ones(3)), INPUTS, LABELS).targets.guess_cost is None


def test_targets_that_the_loss_ignores_are_no_class():
    labels = LABELS.clone()
    labels[::2] = -100
    seen = program_of(ended()(), nn.CrossEntropyLoss(), INPUTS, labels).targets
    assert seen.class_counts == tuple(np.bincount(LABELS[1::2]).tolist())


@pytest.mark.parametrize("loss", [nn.MSELoss(), written_out_squares, nn.L1Loss()])
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_predictions_that_are_broadcast_against_the_targets(loss):
    seen = program_of(ended(units=1)(), loss, INPUTS, NUMBERS[:, 0])
    assert (seen.loss.outputs_shape, seen.loss.targets_shape) == ((16, 1), (16,))
    assert seen.targets.examples == 64
    assert seen.targets.mean == pytest.approx(NUMBERS[:, 0].mean().item(), abs=1e-6)
    squeezed = program_of(ended(nn.Flatten(0), units=1)(), loss, INPUTS, NUMBERS[:, 0])
    assert squeezed.loss.outputs_shape == squeezed.loss.targets_shape == (16,)


def test_a_softmax_over_the_wrong_axis_and_over_one_unit():
    outputs = program_of(ended(nn.Softmax(0))(), nn.MSELoss(), INPUTS, NUMBERS).outputs
    assert outputs.softmax_axis == -2
    assert outputs.row_sums
    assert outputs.row_sums[0] < 0.9
    outputs = program_of(ended(nn.Softmax(1), units=1)(), nn.BCELoss(), INPUTS, SHARES[:, :1]).outputs
    assert (outputs.softmax_axis, outputs.units, outputs.lowest, outputs.highest) == (-1, 1, 1, 1)
    assert outputs.difference == 0
    assert outputs.row_sums == (1, 1)


def test_outputs_of_the_last_batch():
    model = ended(nn.Sigmoid())()
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    seen = program_of(model, nn.BCELoss(), INPUTS[:40], SHARES[:40], optimizer=optimizer)
    outputs = model(INPUTS[32:40]).detach().double().numpy()  # half of a batch is enough
    assert seen.outputs.examples == 8
    assert seen.outputs.lowest == pytest.approx(outputs.min(), rel=1e-6)
    assert seen.outputs.difference == pytest.approx(np.ptp(outputs, axis=0).max(), rel=1e-6)
    assert seen.outputs.row_sums == pytest.approx((outputs.sum(1).min(), outputs.sum(1).max()), rel=1e-6)
    assert (seen.layers.batch_size, seen.layers.smallest_batch) == (16, 8)


def test_values_that_are_not_finite_are_told_with_their_places():
    inputs = INPUTS.clone()
    inputs[5, 3], inputs[20, 7], inputs[20, 3] = torch.nan, torch.inf, -torch.inf
    numbers = NUMBERS.clone()
    numbers[9, 1] = torch.nan
    seen = program_of(ended()(), nn.MSELoss(), inputs, numbers)
    assert seen.inputs.non_finite == NonFinite(3, (5, 20), (3, 7))
    assert seen.targets.non_finite == NonFinite(1, (9,), (1,))
    finite = inputs[torch.isfinite(inputs)].double()
    assert seen.inputs.mean == pytest.approx(finite.mean().item(), rel=1e-5)
    assert seen.inputs.deviation == pytest.approx(finite.std(unbiased=False).item(), rel=1e-6)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (True, 4, 1.0)),
        ({"zero": False}, (False, 4, 1.0)),
        ({"step": False}, (None, 0, None)),
        ({"zero": False, "step": False}, (None, 0, None)),
    ],
)
def test_gradients_that_are_not_cleared_and_steps_that_are_not_made(settings, expected):
    updates = program_of(ended()(), nn.MSELoss(), INPUTS, NUMBERS, **settings).updates
    assert (updates.gradients_cleared, updates.steps, updates.optimized_share) == expected
    assert updates.backward_passes == 4


def test_gradients_that_are_added_up_on_purpose_are_cleared():
    model, doctor = ended()(), Doctor()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with TorchHooks(model, doctor) as hooks:
        for place, rows in enumerate(torch.arange(64).split(8)):
            F.mse_loss(model(INPUTS[rows]), NUMBERS[rows]).backward()
            if place % 4 == 3:
                optimizer.step()
                optimizer.zero_grad(set_to_none=place == 3)
        hooks.end_epoch(1)
    updates = facts(doctor).updates
    assert (updates.gradients_cleared, updates.steps, updates.backward_passes) == (True, 2, 8)


def test_the_share_of_parameters_that_may_change_and_that_an_optimizer_has():
    model = ended()()  # 54 parameters in the first layer, 21 in the last
    updates = program_of(
        model, nn.MSELoss(), INPUTS, NUMBERS, optimizer=torch.optim.Adam(model[2].parameters())
    ).updates
    assert (updates.optimizer, updates.trainable_share) == ("adam", 1)
    assert updates.optimized_share == pytest.approx(21 / 75)
    other = torch.optim.Adam(ended()().parameters())
    assert program_of(model, nn.MSELoss(), INPUTS, NUMBERS, optimizer=other).updates.optimized_share == 0
    model[0].requires_grad_(False)
    updates = program_of(model, nn.MSELoss(), INPUTS, NUMBERS).updates
    assert updates.trainable_share == pytest.approx(21 / 75)
    assert updates.optimized_share == 1


@pytest.mark.parametrize(("optimizer", "penalty"), [(torch.optim.Adam, 0), (torch.optim.AdamW, 0.01)])
def test_the_weight_decay_of_the_optimizer(optimizer, penalty):
    model = ended()()
    assert (
        program_of(model, nn.MSELoss(), INPUTS, NUMBERS, optimizer=optimizer(model.parameters())).updates.weight_penalty
        == penalty
    )
    with_penalty = program_of(model, lambda a, y: F.mse_loss(a, y) + model[0].weight.square().sum(), INPUTS, NUMBERS)
    assert with_penalty.updates.weight_penalty is None


@pytest.mark.parametrize(
    ("first", "scaling"),
    [
        (nn.BatchNorm1d(8), "batch_norm"), (nn.LayerNorm(8), "layer_norm"), (nn.Identity(), None),
        (nn.BatchNorm1d(8, affine=False), "batch_norm"),
    ],
)  # fmt: skip
def test_the_layer_that_brings_inputs_to_scale(first, scaling):
    model = nn.Sequential(first, nn.Linear(8, 6), nn.BatchNorm1d(6), nn.Dropout(0.25), nn.Tanh(), nn.Linear(6, 3))
    program = program_of(model, nn.MSELoss(), 100 * INPUTS, NUMBERS)
    assert program.inputs.scaling == scaling
    assert (program.layers.dropout_rates, program.layers.has_batch_norm) == ((0.25,), True)
    assert program.layers.hidden_activations == ("tanh",)
    embedded = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(32, 3))
    program = program_of(embedded, nn.MSELoss(), torch.randint(0, 9, (64, 8)), NUMBERS)
    assert (program.inputs.scaling, program.inputs.dtype) == ("embedding", "int64")
    assert program.layers.hidden_activations == ()


def test_activations_that_are_functions():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Linear(8, 6), nn.Linear(6, 6), nn.Linear(6, 3)

        def forward(self, values):
            return self.c(torch.sigmoid(self.b(F.leaky_relu(self.a(values)))))

    layers = program_of(Net(), nn.MSELoss(), INPUTS, NUMBERS).layers
    assert layers.hidden_activations == ("leaky_relu", "sigmoid")

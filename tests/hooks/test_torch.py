"""The hooks in a plain PyTorch loop."""

import numpy as np
import pytest

from goodfit.diagnosis.doctor import Doctor
from goodfit.errors import InputError
from goodfit.hooks import TorchHooks

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[torch]'")
nn = torch.nn


@pytest.fixture
def train(digits):
    """A function that trains in a plain loop; returns the model, its last batch, the parameters before, the doctor."""
    inputs, targets = torch.tensor(digits[0]), torch.tensor(digits[1], dtype=torch.long)
    cost = nn.CrossEntropyLoss()

    def measured(model, rows):
        model.eval()
        with torch.no_grad():
            logits = model(inputs[rows])
            wrong = (logits.argmax(dim=1) != targets[rows]).float().mean()
            return cost(logits, targets[rows]).item(), wrong.item()

    def run(hidden=(32, 32), name="relu", optimizer=torch.optim.Adam, rate=3e-3, epochs=6, change=None):
        activation = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}[name]
        torch.manual_seed(0)
        widths = (64, *hidden)
        parts = [part for n, units in zip(widths, hidden, strict=False) for part in (nn.Linear(n, units), activation())]
        model = nn.Sequential(*parts, nn.Linear(widths[-1], 10))
        if change:
            change(model)
        stepper, doctor, batch = optimizer(model.parameters(), lr=rate), Doctor(activation=name, task="classes"), None
        before = []
        with TorchHooks(model, doctor) as hooks:
            for epoch in range(1, epochs + 1):
                model.train()
                for batch in torch.randperm(1200).split(32):
                    stepper.zero_grad()
                    cost(model(inputs[batch]), targets[batch]).backward()
                    before = [parameter.detach().numpy().astype(np.float64) for parameter in model.parameters()]
                    stepper.step()
                (train_cost, train_error), (dev_cost, dev_error) = (
                    measured(model, rows) for rows in (slice(0, 1200), slice(1200, None))
                )
                hooks.end_epoch(
                    epoch, train_cost=train_cost, dev_cost=dev_cost, train_error=train_error, dev_error=dev_error,
                    learning_rate=rate,
                )  # fmt: skip
        return model, batch, before, doctor

    return run


def test_the_doctor_observes_what_went_through_the_model(train, digits, softmax):
    model, batch, (first, bias, last, last_bias), doctor = train(hidden=(16,), epochs=2)
    signals = doctor.observation().signals
    np.testing.assert_array_equal(signals.history["epoch"], [0, 1, 2])
    np.testing.assert_array_equal(signals.history["step"], [0, 38, 76])
    x, y = digits[0][batch.numpy()].astype(np.float64), digits[1][batch.numpy()]
    a = np.maximum(x @ first.T + bias, 0)
    logits = a @ last.T + last_bias
    back = (softmax(logits) - np.eye(10)[y]) / len(y)
    health = signals.health
    assert health.layers == ("inputs", "layer 0", "layer 2")
    expected = {"inputs": x, "layer 0": a, "layer 2": logits}
    for place, (name, values) in enumerate(expected.items()):
        assert health.layers[place] == name
        assert health.statistics[-1, place, :3] == pytest.approx(
            [values.mean(), values.std(), np.sqrt((values**2).mean())], rel=1e-4
        )
    norms = [np.linalg.norm(x.T @ (back @ last * (a > 0))), np.linalg.norm(a.T @ back)]
    assert health.of("gradient")[-1, 1:] == pytest.approx(norms, rel=1e-3)
    weights = [parameter.detach().numpy() for parameter in model.parameters()][::2]
    assert health.of("weight")[-1, 1:] == pytest.approx([np.linalg.norm(w) for w in weights], rel=1e-5)
    np.testing.assert_array_equal(signals.weights["layers.1.W"], weights[1].T)


def test_a_healthy_training_is_left_alone(train):
    assert train()[-1].findings() == []
    assert train(optimizer=torch.optim.SGD, rate=0.1, epochs=10)[-1].findings() == []


def large(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 30


@pytest.mark.parametrize(
    ("settings", "finding_id"),
    [
        ({"rate": 1e-6}, "learning-rate-too-low"),
        ({"rate": 3.0}, "learning-rate-too-high"),
        ({"change": large}, "bad-initialization"),
        ({"hidden": (16,) * 8, "name": "sigmoid"}, "vanishing-gradient"),
        ({"optimizer": torch.optim.SGD, "rate": float("inf")}, "divergence"),
    ],
)
def test_a_sick_training_is_named_first(train, settings, finding_id):
    assert train(**settings)[-1].findings()[0].id == finding_id


def test_kernels_of_images_and_functions_between_layers():
    """The layers need not be in a Sequential: what reaches the next is taken, whatever stands between them."""

    class Images(nn.Module):
        def __init__(self):
            super().__init__()
            self.out, self.conv = nn.Linear(3 * 6 * 6, 2), nn.Conv2d(1, 3, 3)  # made in another order than called

        def forward(self, images):
            return self.out(torch.relu(self.conv(images)).flatten(1))

    model, doctor = Images(), Doctor(activation="relu", task="binary")
    with TorchHooks(model, doctor) as hooks:
        model(torch.randn(5, 1, 8, 8)).square().mean().backward()
        hooks.end_epoch(1, train_cost=1.0)
        with torch.no_grad():
            model.eval()
            model(torch.full((5, 1, 8, 8), 1e9))  # is not looked at
        hooks.end_epoch(2, train_cost=1.0)
    health = doctor.observation().signals.health
    assert health is not None
    assert set(health.layers) == {"inputs", "conv", "out"}
    assert (health.of("size")[2] < 100).all()
    assert (health.of("mean")[2, health.layers.index("conv")]) > 0  # after the ReLU
    model.train()
    model(torch.zeros(5, 1, 8, 8)).sum().backward()
    assert hooks.steps == 1  # taken away


def test_a_model_without_weights_is_no_error():
    doctor = Doctor()
    with TorchHooks(nn.ReLU(), doctor) as hooks:
        hooks.end_epoch(1, train_cost=1.5)
    np.testing.assert_array_equal(doctor.observation().signals.history["train_cost"], [1.5])


def test_what_is_no_model_is_refused_in_a_sentence():
    with pytest.raises(InputError, match="TorchHooks watches a torch"):
        TorchHooks(nn.functional.linear, Doctor())

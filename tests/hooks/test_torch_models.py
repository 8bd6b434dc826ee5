"""The hooks on every kind of PyTorch model, number and loop: they see what they can, and never end the training."""

import contextlib
import copy
import itertools
import warnings

import numpy as np
import pytest

from goodfit.diagnosis.doctor import Doctor
from goodfit.hooks import TorchHooks

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[torch]'")
nn = torch.nn
F = nn.functional


class Calls(nn.Module):
    """A model of some parts and a function that calls them."""

    def __init__(self, call, **parts):
        super().__init__()
        self.call = call
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *arguments, **named):
        return self.call(self, *arguments, **named)


def mlp(*widths):
    parts = [part for n, units in itertools.pairwise(widths) for part in (nn.Linear(n, units), nn.ReLU())]
    return nn.Sequential(*parts[:-1])


class PairOut(nn.Linear):
    """A layer that gives a tuple."""

    def forward(self, values):
        return super().forward(values), values


def autocast(model, values):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return model.b(torch.relu(model.a(values)))


def tied():
    model = Calls(lambda m, x: m.out(m.embed(x).mean(1)), embed=nn.Embedding(9, 4), out=nn.Linear(4, 9, bias=False))
    model.out.weight = model.embed.weight
    return model


def frozen(model, *names):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = not name.startswith(names)
    return model


def floats(*shape, dtype=torch.float32):
    return lambda: torch.randn(*shape).to(dtype)


def whole(*shape, below=9):
    return lambda: torch.randint(0, below, shape)


def two_parts(**layers):
    return {"a": nn.Linear(8, 6), "b": nn.Linear(6, 3)} | layers


# By name: a function that makes the model, one that makes a batch, and the layers that are seen.
MODELS = {
    "dense": (lambda: mlp(8, 6, 3), floats(16, 8), {"layer 0", "layer 2"}),
    "bfloat16": (lambda: mlp(8, 6, 3).bfloat16(), floats(16, 8, dtype=torch.bfloat16), {"layer 0", "layer 2"}),
    "float16": (lambda: mlp(8, 6, 3).half(), floats(16, 8, dtype=torch.float16), {"layer 0", "layer 2"}),
    "float64": (lambda: mlp(8, 6, 3).double(), floats(16, 8, dtype=torch.float64), {"layer 0", "layer 2"}),
    "complex": (
        lambda: Calls(lambda m, x: m.b(m.a(x.to(torch.complex64)).abs()), a=nn.Linear(8, 6).to(torch.complex64),
                      b=nn.Linear(6, 3)),
        floats(16, 8), {"a", "b"},
    ),
    "autocast": (lambda: Calls(autocast, **two_parts()), floats(16, 8), {"a", "b"}),
    "layers by keyword": (
        lambda: Calls(lambda m, x: m.b(input=torch.relu(m.a(input=x))), **two_parts()), floats(16, 8), {"a", "b"}
    ),
    "a layer that gives a tuple": (
        lambda: Calls(lambda m, x: m.b(m.a(x)[0])[0], a=PairOut(8, 6), b=PairOut(6, 3)), floats(16, 8), {"a", "b"}
    ),
    "outputs in a dict": (
        lambda: Calls(lambda m, x: {"logits": m.b(m.a(x)), "size": x.sum()}, **two_parts()), floats(16, 8), {"a", "b"}
    ),
    "a layer called twice": (
        lambda: Calls(lambda m, x: m.b(m.a(m.a(x))), a=nn.Linear(8, 8), b=nn.Linear(8, 3)), floats(16, 8), {"a", "b"}
    ),
    "a layer never called": (
        lambda: Calls(lambda m, x: m.b(m.a(x)), **two_parts(c=nn.Linear(5, 5))), floats(16, 8), {"a", "b"}
    ),
    "a layer called inputs": (
        lambda: Calls(lambda m, x: m.b(m.inputs(x)), inputs=nn.Linear(8, 6), b=nn.Linear(6, 3)), floats(16, 8),
        {"layer inputs", "b"},
    ),
    "LSTM alone": (
        lambda: Calls(lambda m, x: m.l(x)[0][:, -1], l=nn.LSTM(4, 3, batch_first=True)), floats(16, 5, 4), {"l"}
    ),
    "GRU": (
        lambda: Calls(lambda m, x: m.b(m.l(x)[1][0]), l=nn.GRU(4, 6, batch_first=True), b=nn.Linear(6, 3)),
        floats(16, 5, 4), {"l", "b"},
    ),
    "packed sequences": (
        lambda: Calls(
            lambda m, x: m.b(m.l(nn.utils.rnn.pack_padded_sequence(x, [3] * 16, batch_first=True))[1][0]),
            l=nn.GRU(4, 6, batch_first=True), b=nn.Linear(6, 3),
        ),
        floats(16, 5, 4), {"l", "b"},
    ),
    "attention alone": (
        lambda: Calls(lambda m, x: m.a(x, x, x)[0].mean(1), a=nn.MultiheadAttention(4, 2, batch_first=True)),
        floats(16, 5, 4), {"a"},
    ),
    "transformer": (
        lambda: Calls(lambda m, x: m.b(m.t(x).mean(1)), b=nn.Linear(4, 3),
                      t=nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 1)),
        floats(16, 5, 4), {"t.layers.0.self_attn", "t.layers.0.linear1", "t.layers.0.linear2", "b"},
    ),
    "images": (
        lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3)),
        floats(16, 1, 6, 6), {"layer 0", "layer 4"},
    ),
    "only normalization": (lambda: nn.LayerNorm(8), floats(16, 8), set()),
    "embedding": (
        lambda: Calls(lambda m, x: m.a(m.e(x).mean(1)), e=nn.Embedding(9, 4), a=nn.Linear(4, 3)),
        whole(16, 5), {"e", "a"},
    ),
    "sparse embedding": (
        lambda: Calls(lambda m, x: m.e(x).mean(1), e=nn.Embedding(9, 4, sparse=True)), whole(16, 5), {"e"}
    ),
    "bag of embeddings": (lambda: nn.EmbeddingBag(9, 4, sparse=True), whole(16, 5), {"layer"}),
    "tied weights": (tied, whole(16, 5), {"embed", "out"}),
    "lazy": (
        lambda: nn.Sequential(nn.LazyLinear(6), nn.ReLU(), nn.LazyLinear(3)), floats(16, 8), {"layer 0", "layer 2"}
    ),
    "weight norm": (
        lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(8, 6)), nn.Linear(6, 3)), floats(16, 8),
        {"layer 0", "layer 1"},
    ),
    "spectral norm": (
        lambda: nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(8, 6)), nn.Linear(6, 3)),
        floats(16, 8), {"layer 0", "layer 1"},
    ),
    "half frozen": (lambda: frozen(mlp(8, 6, 3), "0."), floats(16, 8), {"layer 2"}),
    "DataParallel": (lambda: nn.DataParallel(mlp(8, 6, 3)), floats(16, 8), {"module.0", "module.2"}),
    "a model that is one layer": (
        lambda: Calls(lambda m, x: F.linear(x, m.w), w=nn.Parameter(torch.ones(3, 8))), floats(16, 8), {"layer"}
    ),
    "checkpointed": (
        lambda: Calls(lambda m, x: m.b(torch.utils.checkpoint.checkpoint(m.a, x, use_reentrant=True)), **two_parts()),
        lambda: torch.randn(16, 8).requires_grad_(), {"a", "b"},
    ),
    "a number for inputs": (
        lambda: Calls(lambda m, x: m.a(x * torch.ones(8)), a=nn.Linear(8, 3)), lambda: torch.tensor(1.5), {"a"}
    ),
    "empty batches": (lambda: mlp(8, 6, 3), floats(0, 8), {"layer 0", "layer 2"}),
    "one example": (lambda: mlp(8, 6, 3), floats(1, 8), {"layer 0", "layer 2"}),
}  # fmt: skip


def one_tensor(output):
    while not isinstance(output, torch.Tensor):
        output = next(iter(output.values() if isinstance(output, dict) else output))
    return output


def train(model, batch, doctor=None, epochs=3):
    """Train as a plain loop does, with or without a doctor; returns the parameters at the end."""
    is_sparse = any(getattr(module, "sparse", False) for module in model.modules())
    optimizer, stepper = torch.optim.SparseAdam if is_sparse else torch.optim.SGD, None
    torch.manual_seed(1)
    cost = torch.zeros(())
    with TorchHooks(model, doctor) if doctor else contextlib.nullcontext() as hooks:
        for epoch in range(1, epochs + 1):
            for _ in range(3):
                cost = one_tensor(model(batch())).float().square().mean()
                stepper = stepper or optimizer(list(model.parameters()), 0.01)  # lazy modules have parameters only now
                stepper.zero_grad()
                cost.backward()
                stepper.step()
            if hooks:
                hooks.end_epoch(epoch, train_cost=cost.detach())
    return [parameter.detach().clone() for parameter in model.parameters()]


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model_is_seen_and_trains_as_it_does_alone(name):
    make_model, batch, layers = MODELS[name]
    torch.manual_seed(0)
    doctor = Doctor(task="regression")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch, on lazy modules and on sparse gradients
        model = make_model()
        alone = train(copy.deepcopy(model), batch)
        watched = train(model, batch, doctor)
    for parameter, expected in zip(watched, alone, strict=True):
        assert torch.equal(parameter, expected)
    observation = doctor.observation()
    assert observation.signals.history["epoch"][-1] == 3
    health = observation.signals.health
    assert (set(health.layers[1:]) if health else set()) == layers
    if health and name != "empty batches":
        assert np.isfinite(health.of("gradient")[-1, 1:]).all()
        assert (health.of("update")[-1, 1:] > 0).any()

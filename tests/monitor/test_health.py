"""Health by layer, as the page gets it."""

import numpy as np

from goodfit.monitor.findings import FindingView
from goodfit.monitor.health import layer_health
from goodfit.record.run import LAYER_STATISTICS, Health


def finding(name, layer):
    return FindingView(id=name, name=name, severity=1, layer=layer, confidence="90 %", sentence="It is.", remedies=())


def test_health_is_by_layer_with_the_findings_that_point_at_it():
    seen = np.full((100, 3, len(LAYER_STATISTICS)), 0.5)
    seen[:, 1, LAYER_STATISTICS.index("weight")] = 2.0
    seen[:, 2, LAYER_STATISTICS.index("weight")] = 0.0  # nothing to compare with
    looks = Health(np.arange(1, 101), ("inputs", "layer 1", "output"), seen)
    inputs, layer, output = layer_health(looks, [finding("dead units", "layer 1"), finding("leak", None)])
    assert list(inputs.measures) == ["deviation"]
    assert (layer.findings, output.findings) == (("dead units",), ())
    assert (layer.measures["update"].values[-1], layer.measures["update"].text) == (0.25, "0.250")
    assert layer.measures["dead"].text == "50.0 %"
    assert (output.measures["update"].values[-1], output.measures["update"].text) == (None, "–")
    assert (len(layer.epochs), layer.epochs[0], layer.epochs[-1]) == (60, 1, 100)


def test_no_look_is_no_health():
    assert (
        layer_health(Health(np.zeros(0, int), ("inputs", "output"), np.zeros((0, 2, len(LAYER_STATISTICS)))), []) == ()
    )

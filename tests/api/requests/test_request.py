"""Requests: one declaration of each option, from which a function's signature, docstring and checks are made."""

import inspect
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import goodfit
from goodfit.api.requests.data import DataRequest, SplitRequest
from goodfit.api.requests.fit import ImproveRequest, TrainRequest, WatchRequest
from goodfit.api.requests.inspection import CheckRequest, DiagnoseRequest, ErrorsRequest, InspectRequest
from goodfit.api.requests.request import aliases, build, options, takes
from goodfit.api.requests.search import TuneRequest
from goodfit.api.requests.use import AugmentRequest, OpenTestRequest, PredictRequest
from goodfit.errors import InputError

REQUESTS = {
    "augment": AugmentRequest,
    "check": CheckRequest,
    "diagnose": DiagnoseRequest,
    "diagnose_errors": ErrorsRequest,
    "improve": ImproveRequest,
    "inspect": InspectRequest,
    "open_test": OpenTestRequest,
    "predict": PredictRequest,
    "train": TrainRequest,
    "tune": TuneRequest,
    "watch": WatchRequest,
}


@takes(DataRequest)
def read(request: DataRequest) -> DataRequest:
    """Read data.

    Returns:
        The request.
    """
    return request


@pytest.mark.parametrize("name", REQUESTS)
def test_a_function_has_the_signature_and_the_docstring_of_its_request(name):
    function: Any = getattr(goodfit, name)
    signature = inspect.signature(function)
    assert list(signature.parameters) == list(inspect.signature(REQUESTS[name]).parameters)
    assert all("Option(" not in str(parameter.annotation) for parameter in signature.parameters.values())
    for option, description in options(REQUESTS[name]):
        assert f"\n        {option}: {description.help}" in function.__doc__
    assert function.__doc__.index("Args:") < function.__doc__.index("Raises:")
    assert function.__name__ == name


@pytest.mark.parametrize("name", REQUESTS)
def test_help_is_a_sentence(name):
    for option, description in options(REQUESTS[name]):
        assert description.help[0].isupper(), option
        assert description.help.endswith("."), option


@pytest.mark.parametrize(
    ("name", "setting"),
    [("lr", "learning_rate"), ("learning_rate", "learning_rate"), ("n_epochs", "epochs"), ("dropout", "dropout")],
)
def test_a_setting_as_an_argument_is_answered_with_the_plan_that_takes_it(name, setting):
    with pytest.raises(
        TypeError, match=rf"has no argument '{name}'; it is a setting: give plan=goodfit.Plan\({setting}=…\)$"
    ):
        goodfit.train("iris", **{name: 0.1})  # pyright: ignore[reportArgumentType]


def test_a_plan_of_another_type_is_a_sentence():
    with pytest.raises(InputError, match=r"^plan is a dict; give goodfit\.Plan\(\.\.\.\), or the path of a YAML file$"):
        goodfit.train("iris", plan={"learning_rate": 0.1})  # pyright: ignore[reportArgumentType]


def test_an_unknown_argument_is_refused_in_the_words_of_python_with_the_nearest_name():
    with pytest.raises(TypeError, match=r"^train\(\) has no argument 'humn_error'; did you mean 'human_error'\?$"):
        goodfit.train("iris", humn_error=0.1)  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match=r"^train\(\): missing a required argument: 'data'$"):
        goodfit.train()  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match=r"^train\(\): too many positional arguments$"):
        goodfit.train("iris", "wine")  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(
    ("alias", "name", "cls"),
    [("random_state", "seed", TrainRequest), ("n_trials", "trials", TuneRequest), ("cv", "folds", ImproveRequest)],
)
def test_an_alias_is_another_name_for_a_field(alias, name, cls):
    assert aliases(cls)[alias] == name
    assert build(cls, "fit", ("iris",), {alias: 3}) == cls("iris", **{name: 3})
    with pytest.raises(InputError, match=f"^{alias} is another name for {name}; give only one of the two$"):
        build(cls, "fit", ("iris",), {alias: 3, name: 3})
    assert build(cls, "fit", ("iris",), {alias: None, name: 3}) == cls("iris", **{name: 3})


@pytest.mark.parametrize("name", ["improve", "diagnose"])
def test_both_functions_that_take_folds_take_cv(name):
    assert aliases(REQUESTS[name])["cv"] == "folds"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"budget": 0}, "budget is 0; give a number of seconds above 0"),
        ({"budget": float("nan")}, "budget is nan; give a number of seconds above 0"),
        ({"budget": "long"}, "budget is 'long'; give a number of seconds above 0"),
        ({"rounds": -1}, "rounds is -1; give a whole number of at least 0"),
        ({"rounds": 1.5}, "rounds is 1.5; give a whole number of at least 0"),
        ({"rounds": True}, "rounds is True; give a whole number of at least 0"),
        ({"folds": 1}, "folds is 1; give a whole number of at least 2"),
        (
            {"human_error": -0.1},
            "human_error is -0.1; give a share between 0 and 1 (0.15 for 15 %), or for a regression an RMSE in the "
            "target's unit",
        ),
        ({"min_gap": 0}, "min_gap is 0; give a share above 0 and at most 1 (0.02 for 2 points)"),
        ({"random_state": -1}, "seed is -1; give a whole number from 0 to 4294967295"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_by_name(values, sentence):
    with pytest.raises(InputError) as refusal:
        build(ImproveRequest, "improve", ("iris",), values)
    assert str(refusal.value) == sentence


def test_a_run_keeps_plain_values_by_the_names_of_the_command_line():
    int_of_numpy: Any = np.int64(3)
    request = TrainRequest(
        pl.DataFrame({"x": [1]}), target="y", seed=int_of_numpy, as_="images", plan=Path("p.yaml"), changes={"l2": 0.5}
    )
    facts = request.to_dict()
    assert facts == {
        "target": "y",
        "no_test": False,
        "seed": 3,
        "as": "images",
        "plan": "p.yaml",
        "set": ["l2=0.5"],
        "untouched_copies": 0,
        "min_gap": 0.02,
    }
    assert type(facts["seed"]) is int
    words = "--target y --seed 3 --as images --plan p.yaml --set l2=0.5"
    assert TrainRequest.command_words(facts) == words.split()
    again = TrainRequest.from_dict(facts, data="iris")
    assert again == TrainRequest("iris", target="y", seed=3, as_="images", plan="p.yaml")
    assert DataRequest.from_dict(facts, data="iris") == DataRequest("iris", target="y", seed=3, as_="images")


def test_arguments_are_the_values_that_are_no_defaults():
    frame = pl.DataFrame({"x": [1]})
    request = read(frame, dev=frame, no_test=True, random_state=0)
    assert request.arguments() == {"data": frame, "dev": frame, "no_test": True}
    assert request.shared_with(SplitRequest) == {"dev": frame, "no_test": True}


def test_requests_are_frozen():
    with pytest.raises(FrozenInstanceError):
        vars(DataRequest)["__setattr__"](DataRequest("iris"), "seed", 1)

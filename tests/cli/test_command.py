"""Commands that are made of requests: each has all options, with the function's own defaults."""

from dataclasses import fields

import pytest
from typer.main import get_command

from goodfit.api.requests.fit import ImproveRequest, ResumeRequest, TrainRequest, WatchRequest
from goodfit.api.requests.inspection import CheckRequest, InspectRequest
from goodfit.api.requests.request import aliases, flag, options
from goodfit.api.requests.search import TuneRequest
from goodfit.api.requests.steering import RewindRequest, SteeringRequest, UnpauseRequest
from goodfit.api.requests.use import AugmentRequest, OpenTestRequest, PredictRequest, ReportRequest, RunsRequest
from goodfit.cli.diagnose import DiagnoseCommand
from goodfit.cli.main import app

REQUESTS = {
    "augment": AugmentRequest,
    "check": CheckRequest,
    "diagnose": DiagnoseCommand,
    "improve": ImproveRequest,
    "inspect": InspectRequest,
    "open-test": OpenTestRequest,
    "pause": SteeringRequest,
    "predict": PredictRequest,
    "report": ReportRequest,
    "resume": ResumeRequest,
    "rewind": RewindRequest,
    "runs": RunsRequest,
    "stop": SteeringRequest,
    "train": TrainRequest,
    "tune": TuneRequest,
    "unpause": UnpauseRequest,
    "watch": WatchRequest,
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_command_has_every_option_of_its_request(name):
    commands = get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]
    parameters = {parameter.name: parameter for parameter in commands[name].params}
    request = REQUESTS[name]
    defaults = {field.name: field.default for field in fields(request)}
    visible = {option: description for option, description in options(request) if not description.python_only}
    assert set(parameters) == {*visible, *aliases(request), "as_json"} | ({"help"} & set(parameters))
    for option, description in visible.items():
        parameter = parameters[option]
        assert parameter.help == description.help
        if parameter.param_type_name == "option":
            assert parameter.opts == [flag(option, description)]
        if not parameter.required:
            assert parameter.default == defaults[option]
    for alias, option in aliases(request).items():
        assert parameters[alias].hidden
        assert parameters[alias].opts == ["--" + alias.replace("_", "-")]
        assert option in visible


@pytest.mark.parametrize(
    ("command", "words", "name", "value"),
    [
        ("train", ["--random-state", "7"], "seed", 7),
        ("tune", ["--n-trials", "8"], "trials", 8),
        ("improve", ["--cv", "5"], "folds", 5),
    ],
)
def test_an_alias_is_given_under_its_real_name(goodfit, functions, command, words, name, value):
    calls = []

    def function(**arguments):
        calls.append(arguments)
        raise OSError(1, "enough", "here")

    setattr(functions, command, function)
    assert goodfit(command, "digits", *words).code == 2
    assert calls[0].pop(name) == value
    assert calls[0].keys() == {"data", "progress"}


def test_an_option_and_its_alias_together_are_refused(goodfit):
    sentence = "--random-state is another name for --seed; give only one of the two"
    assert goodfit("train", "digits", "--seed", "0", "--random-state", "1") == (2, "", f"goodfit: {sentence}\n")


def test_help_lists_the_commands_in_groups(goodfit):
    text = goodfit("--help").stdout
    places = [text.index(f"─ {panel} ─") for panel in ("Fit", "Steer", "Search", "Inspect", "Use")]
    assert places == sorted(places)

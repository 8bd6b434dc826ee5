"""Diagnose bare error rates."""

from goodfit.api.requests.inspection import ErrorsRequest
from goodfit.api.requests.request import takes
from goodfit.api.result_types.diagnosis import Diagnosis
from goodfit.diagnosis.gaps import judge
from goodfit.run_folder import summary


@takes(ErrorsRequest)
def diagnose_errors(request: ErrorsRequest) -> Diagnosis:
    """Judge bias and variance by bare error rates.

    Raises:
        InputError: an error outside 0 to 1, or a size below 1.

    Example:
        >>> diagnose_errors(0.01, 0.11, 6000, 2000).verdict
        'high variance'
    """
    gaps = judge(
        request.train_error,
        request.dev_error,
        train_size=request.train_size,
        dev_size=request.dev_size,
        test_error=request.test_error,
        test_size=request.test_size,
        human_error=request.human_error or 0.0,
        min_gap=0.02 if request.min_gap is None else request.min_gap,
    )
    return Diagnosis(
        **summary.gap_figures(gaps).field_values(), train_error=request.train_error, dev_error=request.dev_error
    )

"""`goodfit augment`: a sheet of augmented images to look at."""

import goodfit
from goodfit.api.requests.use import AugmentRequest
from goodfit.cli import options, output


def augment(request: AugmentRequest, as_json: options.Json = False) -> None:
    """Write a contact sheet of images and their augmented copies.

    Example: goodfit augment digits --as images --strength 1
    """
    result = goodfit.augment(**request.arguments())
    output.show(result, as_json, lambda result: [f"Sheet: {result.sheet}"])

"""Inspect data before any training."""

from goodfit.api.data import open_data
from goodfit.api.requests.inspection import InspectRequest
from goodfit.api.requests.request import takes
from goodfit.api.result_types.inspection import ColumnReading, Inspection
from goodfit.data.inspection import ColumnSummary, counts_of_images, summarize_dataset, summarize_source
from goodfit.data.sources import open_source


@takes(InspectRequest)
def inspect(request: InspectRequest) -> Inspection:
    """Show how each column of a table is read, and what was guessed, changed, left out or lost; nothing is trained.

    With a target the table is also divided into sets and examined for leaks, duplicates and drift. Of images, their
    shape, the kinds of their pixels and the number of each class in each set are shown.

    Returns:
        The columns and notes on them.

    Raises:
        InputError: the data cannot be opened or divided.
    """
    if request.target is None:
        source = open_source(request.data, images=True if request.as_ else None)
        if source.target is None and source.images is None:
            summaries, notes = summarize_source(source)
            return Inspection(
                name=source.name, rows=len(source), columns=_readings(summaries), notes=tuple(notes), sizes={}
            )
    splits = open_data(request, None)
    dataset = splits.dataset
    sizes = {name: len(getattr(splits, name)) for name in ("train", "dev", "test")}
    columns = _readings(summarize_dataset(dataset))
    return Inspection(
        name=dataset.name,
        rows=len(dataset),
        columns=columns,
        notes=(*splits.notes, *counts_of_images(splits)),
        sizes=sizes,
        task=dataset.schema.task,
        target=dataset.schema.target,
        image=dataset.schema.image,
    )


def _readings(summaries: list[ColumnSummary]) -> tuple[ColumnReading, ...]:
    return tuple(ColumnReading(**summary._asdict()) for summary in summaries)

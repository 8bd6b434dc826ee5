"""The types of data that can be opened and of the names of their columns; imports neither NumPy nor Polars."""

from typing import TYPE_CHECKING, Any

# pandas has numbers and tuples for names, too; a number that is no name is a position.
ColumnName = str | int | tuple[Any, ...]

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Protocol

    import numpy as np
    import polars as pl
    from numpy.typing import ArrayLike

    class PandasFrame(Protocol):
        """The part of a pandas DataFrame that is read."""

        @property
        def shape(self) -> tuple[int, int]:
            """Number of rows and columns."""
            ...

        @property
        def columns(self) -> Any:
            """Names of the columns."""
            ...

        @property
        def iloc(self) -> Any:
            """Access by position."""
            ...

    Frame = pl.DataFrame | pl.LazyFrame | PandasFrame
    # A path or a built-in name; a frame; named columns; (X, y); or an array with one row per example.
    DataSource = str | Path | Frame | Mapping[str, ArrayLike] | tuple[Frame | ArrayLike, ArrayLike] | np.ndarray
else:  # at run time anything may arrive; `open_source` refuses it with a sentence that people understand
    DataSource = Any

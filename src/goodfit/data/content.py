"""Fingerprints of the content of rows, which know a test set again under another file's name."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from goodfit.data.dataset import Dataset, canonical


def content_fingerprint(dataset: Dataset, rows: Int[np.ndarray, "rows"]) -> str:
    """Return a SHA-256 of the content of rows.

    It does not depend on the order of rows or columns, nor on the numbering of levels, which a further source changes.
    """
    numbers, codes, pixels = dataset.features.take(rows)
    schema = dataset.schema
    columns = {column.name: canonical(values) for column, values in zip(schema.numbers, numbers.T, strict=True)}
    for column, level_codes in zip(schema.categories, codes.T, strict=True):
        columns[column.name] = _word_hashes((*column.categories, ""))[level_codes]
    target = dataset.target[rows]
    regression = schema.task == "regression"
    # Words by their hashes, not their codes: another source may number the same classes otherwise.
    columns[schema.target] = canonical(target) if regression else _word_hashes(schema.classes)[target]
    if pixels is not None:
        columns["pixels"] = _hashes([image.tobytes() for image in pixels])
    names = sorted(columns)
    # Eight bytes for each value, and the rows sorted by them, so that their order is lost and their number is kept.
    table = np.column_stack([np.ascontiguousarray(columns[name]).view("<u8") for name in names])
    digest = hashlib.sha256(json.dumps(names).encode())
    digest.update(np.ascontiguousarray(table[np.lexsort(table.T)], "<u8").tobytes())
    return digest.hexdigest()


def _word_hashes(words: Sequence[str]) -> Int[np.ndarray, "words"]:
    return _hashes([word.encode() for word in words])


def _hashes(contents: Sequence[bytes]) -> Int[np.ndarray, "contents"]:
    """Return the first eight bytes of the SHA-256 of each."""
    digests = [hashlib.sha256(content).digest()[:8] for content in contents]
    return np.array([int.from_bytes(digest, signed=True) for digest in digests], np.int64)

"""Many image files to pixels, in as many threads or processes as are worth their start."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from goodfit.data.images import decode
from goodfit.data.images.decode import claimed_rows, decode_rows, quiet
from goodfit.data.images.facts import Depth, FileFacts, Shape

_FILES_A_PROCESS = 4_000  # small ones that take about 0.1 s, twice what a process needs to start; fewer go to threads
_FILES_A_PIECE = 16  # that one worker takes together, so that large and small ones are shared evenly
_MOST_PIECES = 8_192  # four bytes each: half of what a pipe holds
_PROGRAM = decode.__file__


class _Helper(NamedTuple):
    """A process that decodes, and the file that it writes its answer to."""

    process: subprocess.Popen
    answer: IO[str]


def decode_files(paths: Sequence[str], target: Path, shape: Shape, depth: Depth) -> list[FileFacts]:
    """Decode files into a new .npy file of one row per file; the rows of broken files are undefined.

    Small images keep Python itself busy, so many of them are shared with other processes; a few are shared among
    threads, since Pillow releases the interpreter lock while it decodes.

    Args:
        paths: of the files.
        target: the .npy file; uint8, [files, height, width, channels].
        shape: height, width and channels of every row.
        depth: the values that become black and white, of images with more than 8 bits per pixel.

    Raises:
        OSError: the target cannot be written.
    """
    images = np.lib.format.open_memmap(target, mode="w+", dtype=np.uint8, shape=(len(paths), *shape))
    if hasattr(os, "posix_fallocate"):  # if the disk is full, an error now and not a killed process later
        with target.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, images.offset + images.nbytes)
    workers = os.cpu_count() or 1
    helpers = min(workers, len(paths) // _FILES_A_PROCESS) - 1
    size = max(_FILES_A_PIECE, -(-len(paths) // _MOST_PIECES))
    pieces = [range(start, min(start + size, len(paths))) for start in range(0, len(paths), size)]
    if helpers > 0:
        return _decode_in_processes(paths, target, images, depth, pieces, helpers)
    memory = images.reshape(-1).data

    def decode_piece(rows: range) -> list[FileFacts]:
        return [facts for _, facts in decode_rows(rows, paths, shape, depth, memory)]

    with quiet(), ThreadPoolExecutor(workers) as pool:
        return [facts for part in pool.map(decode_piece, pieces) for facts in part]


def _decode_in_processes(
    paths: Sequence[str], target: Path, images: np.memmap, depth: Depth, pieces: list[range], helpers: int
) -> list[FileFacts]:
    """Decode with processes of our own; those of `multiprocessing` would import the user's script again.

    Every process takes the next piece from a pipe until it is empty, so that all finish at about the same time.
    """
    # One token of four bytes for each piece, all written before anyone reads: the system hands each token out once.
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(np.arange(len(pieces), dtype="<u4").tobytes())
    work = {
        "target": str(target),
        "offset": images.offset,
        "shape": images.shape[1:],
        "depth": depth,
        "paths": list(paths),
        "pieces": [(piece.start, piece.stop) for piece in pieces],
        "pipe": reading,
    }
    started = [_start_helper(json.dumps(work), reading) for _ in range(helpers)]
    shape, memory = images.shape[1:], images.reshape(-1).data
    try:
        with quiet():
            facts = dict(decode_rows(claimed_rows(pieces, reading), paths, shape, depth, memory))
            for helper in started:
                if helper.process.wait() == 0:
                    helper.answer.seek(0)
                    for fields, rows in json.load(helper.answer):
                        facts |= dict.fromkeys(rows, FileFacts(*fields))
            lost = [row for row in range(len(paths)) if row not in facts]  # by a process that was killed
            facts |= dict(decode_rows(lost, paths, shape, depth, memory))
        return [facts[row] for row in range(len(paths))]
    finally:
        os.close(reading)
        for helper in started:
            helper.process.kill()
            helper.process.wait()
            helper.answer.close()


def _start_helper(work: str, pipe: int) -> _Helper:
    # Files, not pipes: a helper that writes into a full pipe would wait for us.
    answer = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with its process
    with tempfile.TemporaryFile("w+") as question:
        question.write(work)
        question.seek(0)
        process = subprocess.Popen(
            # -P keeps the program's own folder, whose modules have common names, off the import path.
            [sys.executable or "python", "-P", _PROGRAM],
            stdin=question,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=(pipe,),
        )
    return _Helper(process, answer)

"""Many image files to pixels: as many threads or processes as pay."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np

from goodfit.data.images import decode
from goodfit.data.images.decode import Looked, Shape, decode_rows, quiet, taken

_FILES_A_PROCESS = 4_000  # small ones that take about 0.1 s, twice what a process needs to start; fewer go to threads
_IN_A_ROW = 16  # files that one worker takes together, so that large and small ones are shared evenly
_MOST_PIECES = 8_192  # four bytes each: half of what a pipe holds
_PROGRAM = decode.__file__


def decode_files(paths: Sequence[str], target: Path, shape: Shape) -> list[Looked]:
    """Decode files into a new .npy file of one row a file; rows of broken files hold nothing of use.

    Small images keep Python itself busy, so many are shared with other processes; few are shared among threads, as
    Pillow lets other threads work while it decodes.

    Args:
        paths: of the files.
        target: the .npy file; uint8, [files, height, width, channels].
        shape: height, width and channels of every row.

    Raises:
        OSError: the target cannot be written.
    """
    images = np.lib.format.open_memmap(target, mode="w+", dtype=np.uint8, shape=(len(paths), *shape))
    if hasattr(os, "posix_fallocate"):  # where room is short, an error now and not a broken process later
        with target.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, images.offset + images.nbytes)
    workers = os.cpu_count() or 1
    helpers = min(workers, len(paths) // _FILES_A_PROCESS) - 1
    size = max(_IN_A_ROW, -(-len(paths) // _MOST_PIECES))
    pieces = [range(start, min(start + size, len(paths))) for start in range(0, len(paths), size)]
    if helpers > 0:
        return _by_processes(paths, target, images, pieces, helpers)
    memory = images.reshape(-1).data

    def decode_piece(rows: range) -> list[Looked]:
        return [looked for _, looked in decode_rows(rows, paths, shape, memory)]

    with quiet(), ThreadPoolExecutor(workers) as pool:
        return [each for part in pool.map(decode_piece, pieces) for each in part]


def _by_processes(
    paths: Sequence[str], target: Path, images: np.memmap, pieces: list[range], helpers: int
) -> list[Looked]:
    """The same with processes of our own: those of `multiprocessing` would run the user's script again.

    Everyone takes the next piece from a pipe until that is empty, so that all are done at the same time.
    """
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(np.arange(len(pieces), dtype="<u4").tobytes())
    question = {
        "target": str(target),
        "offset": images.offset,
        "shape": images.shape[1:],
        "paths": list(paths),
        "pieces": [(piece.start, piece.stop) for piece in pieces],
        "pipe": reading,
    }
    others = [_helper(question, reading) for _ in range(helpers)]
    shape, memory = images.shape[1:], images.reshape(-1).data
    try:
        with quiet():
            looked = dict(decode_rows(taken(pieces, reading), paths, shape, memory))
            for process, answer in others:
                if process.wait() == 0:
                    answer.seek(0)
                    for seen, rows in json.load(answer):
                        looked |= dict.fromkeys(rows, Looked(*seen))
            lost = [row for row in range(len(paths)) if row not in looked]  # of a process that the system ended
            looked |= dict(decode_rows(lost, paths, shape, memory))
        return [looked[row] for row in range(len(paths))]
    finally:
        os.close(reading)
        for process, answer in others:
            process.kill()
            process.wait()
            answer.close()


def _helper(question: dict, pipe: int) -> tuple[subprocess.Popen, IO[str]]:
    """Another process that decodes, and the file that it answers in: in a pipe it would wait for us."""
    answer = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with its process
    with tempfile.TemporaryFile("w+") as asked:
        json.dump(question, asked)
        asked.seek(0)
        process = subprocess.Popen(
            [sys.executable or "python", "-P", _PROGRAM],
            stdin=asked,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=(pipe,),
        )
    return process, answer

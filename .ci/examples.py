"""Run the `sh` and `python` blocks of Markdown files for real, in order, in one temporary folder a file."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main(paths: list[str]) -> int:
    """Run every block of every file; the first that fails ends it."""
    for path in paths:
        blocks = BLOCK.findall(Path(path).read_text(encoding="utf-8"))
        if not blocks:
            print(f"{path}: no example to run", file=sys.stderr)
            return 1
        with tempfile.TemporaryDirectory() as folder:
            for number, (language, text) in enumerate(blocks, 1):
                print(f"{path}, example {number} ({language})", flush=True)
                if not succeeds(language, text, folder):
                    print(f"{path}, example {number} failed:\n{text}", file=sys.stderr)
                    return 1
    return 0


def succeeds(language: str, text: str, folder: str) -> bool:
    """Run one block with this environment's programs first on the path."""
    command = ["bash", "-euo", "pipefail", "-c", text] if language == "sh" else [sys.executable, "-c", text]
    programs = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    start = time.monotonic()
    outcome = subprocess.run(command, cwd=folder, env=environment, check=False)
    print(f"exit code {outcome.returncode} after {time.monotonic() - start:.0f} s", flush=True)
    return outcome.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

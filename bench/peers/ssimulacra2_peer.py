"""SSIMULACRA2, by the package `ssimulacra2`: each line has the paths of the original and of the result, by a tab."""

import importlib
import sys
from typing import Any


def main() -> None:
    """Answer each line with the score: 100 for no difference, 90 for hardly any, 30 for low quality."""
    judge: Any = importlib.import_module("ssimulacra2")  # installed beside the contestants alone
    print("ready", flush=True)
    for line in sys.stdin:
        original, result = line.rstrip("\n").split("\t")
        print(float(judge.compute_ssimulacra2(original, result)), flush=True)


if __name__ == "__main__":
    main()

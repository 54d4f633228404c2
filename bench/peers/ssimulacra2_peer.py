"""SSIMULACRA2, by the package `ssimulacra2`: each line has the paths of the original and of the result, by a tab."""

import sys

from ssimulacra2 import compute_ssimulacra2


def main() -> None:
    """Answer each line with the score: 100 for no difference, 90 for hardly any, 30 for low quality."""
    print("ready", flush=True)
    for line in sys.stdin:
        original, result = line.rstrip("\n").split("\t")
        print(float(compute_ssimulacra2(original, result)), flush=True)


if __name__ == "__main__":
    main()

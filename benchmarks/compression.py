"""What compression saves and what survives it: on workloads made from a seed, or on a file of cases.

python benchmarks/compression.py [--seeds 3] [--profile lossless balanced aggressive]
python benchmarks/compression.py --cases cases.jsonl [--kind log json] [--confusion]
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # The repository's root comes in the place of this folder: by its name this file would hide Python 3.14's own `compression`.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from benchmarks.workloads.run import main

    main()

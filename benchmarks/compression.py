"""What compression saves and what survives it: on workloads made from a seed, or on a file of cases.

python -m benchmarks.compression [--seeds 3] [--profile lossless balanced aggressive]
python -m benchmarks.compression --cases cases.jsonl [--kind log json] [--confusion]
"""

from __future__ import annotations

from benchmarks.workloads.run import main

if __name__ == "__main__":
    main()

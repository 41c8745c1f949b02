"""python -m benchmarks.bill [--profile balanced off] [--turns 120] [--cases cases.jsonl] [--proxy 'name=command {upstream} {port}'] [--rows FILE]"""

from benchmarks.bill.run import main

if __name__ == "__main__":
    main()

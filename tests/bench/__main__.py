"""``python -m tests.bench [addresses] [cases] …``: measure, and print tables ready for ``docs/benchmarks.md``."""

import argparse
import sys
from pathlib import Path

from tests.bench import addresses, cases, importing, labelled, matching, online
from tests.bench.environment import BenchBusyError

NAMES = ("addresses", "cases", "import", "matching", "online")


def main() -> int:
    """Run the benchmarks asked for, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which of {', '.join(NAMES)}; all when none is named")
    parser.add_argument("--cases", type=int, default=cases.CASES, help="cases: how many to make")
    parser.add_argument("--requests", type=int, default=cases.REQUESTS, help="cases: how many to send for each page")
    parser.add_argument(
        "--keep", action="store_true", help="cases, online: use the kept database, or make it and keep it"
    )
    parser.add_argument("--long", type=int, metavar="ROWS", help="import: one generated file of so many rows instead")
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="import: write cProfile's figures there")
    parser.add_argument("--stored", type=int, default=online.STORED, help="online: how many records to store")
    parser.add_argument(
        "--data", nargs="+", choices=labelled.NAMES, default=(), help="matching: these labelled records only"
    )
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    wanted = options.names or NAMES
    try:
        if "addresses" in wanted:
            _tell("addresses", addresses.run())
        if "cases" in wanted:
            _tell("cases", cases.run(cases=options.cases, requests=options.requests, keep=options.keep))
        if "import" in wanted:
            _tell("import", importing.run(long_rows=options.long or 0, profile=options.profile))
        if "matching" in wanted:
            _tell("matching", matching.run(options.data))
        if "online" in wanted:
            _tell("online", online.run(stored=options.stored, keep=options.keep))
    except BenchBusyError as busy:
        print(busy, file=sys.stderr)
        return 1
    return 0


def _tell(name: str, figures: str) -> None:
    print(f"\n## {name}\n\n{figures}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())

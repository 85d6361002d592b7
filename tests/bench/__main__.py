"""`make bench [BENCH=name]`: each benchmark of this folder in turn, or one. Each ends with one line of JSON: the figures.

A benchmark is a module with `run() -> dict`. It puts the floor or the rival beside the thing measured, in the same run: the machine is
shared, so a ratio says more than a time.
"""

import importlib
import json
import os
import pkgutil
import sys

from tests import bench


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_"))


def main() -> None:
    # Benchmarks take the rules of triage apart, which only their written form allows; `triage` measures both, each in a process of its own.
    os.environ["TRIALCARE_TRIAGE_FORM"] = "pure"
    wanted = sys.argv[1:] or names()
    if unknown := sorted(set(wanted) - set(names())):
        sys.exit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(names())}")
    for name in wanted:
        figures = importlib.import_module(f"tests.bench.{name}").run()
        print(json.dumps({"bench": name} | figures), flush=True)


if __name__ == "__main__":
    main()

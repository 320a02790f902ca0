#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs `bench geometry` and the same work in Python PyTorch eager in turn, one thread each, and prints how much
faster the program is, beside the goal: ratios of processor time, which others on the machine disturb least.

Usage: compare_geometry.py PROGRAM [--rounds N]
"""
import argparse
import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROWS = [("geometry.metric64", "row_by_row", 300), ("geometry.metric64", "double_backward", 2.3),
        ("geometry.geodesic_exact", "geodesic", 1.4), ("geometry.geodesic_cached", "geodesic", 500)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", TH="1", OMP_WAIT_POLICY="passive")
    env.pop("OPENBLAS_CORETYPE", None)
    theirs, ours = {}, {}
    for _ in range(options.rounds):
        for name in sorted({row[1] for row in ROWS}):
            out = subprocess.run(["/usr/bin/python3", "geometry.py", name], cwd=HERE, env=env, check=True,
                                 capture_output=True, text=True).stdout
            theirs[name] = min(theirs.get(name, 1e300), float(out.split()[2]))
        out = subprocess.run([options.program, "bench", "geometry", "--threads", "1", "--json"], env=env,
                             check=True, capture_output=True, text=True).stdout
        for row in json.loads(out)["rows"]:
            ours[row["name"]] = min(ours.get(row["name"], 1e300), row["value"])
    for name, other, goal in ROWS:
        ratio = theirs[other] / ours[name + ".cpu"]
        print(f"{name:26} {other:16} baseline {theirs[other]:10.3f} ms, program {ours[name + '.cpu']:9.4f} ms, "
              f"ratio {ratio:8.1f} goal {goal} {'met' if ratio >= goal else 'MISSED'}")


if __name__ == "__main__":
    main()

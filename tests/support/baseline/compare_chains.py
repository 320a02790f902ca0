#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the rows of `bench chains.*` in Python PyTorch eager and in the program, row by row in turn, and
prints how much faster the program is, beside the goal.

Usage: compare_chains.py PROGRAM [PREFIX] [--threads N] [--rounds N]
Rates are chain-steps a second. With one thread the ratio is of rates per processor time, which others on
the machine disturb least; with more it is of rates per wall time, against the baseline's best of one
thread and N. The best of the rounds counts on each side.
"""
import argparse
import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
SIZES = (16, 256, 4096, 65536)
ROWS = [f"chains.{target}.{kernel}.n{n}" for target, kernels in
        (("mlp64", ("ula", "mala", "hmc10")), ("gauss8", ("ula", "mala", "hmc10")), ("score128", ("ula",)))
        for kernel in kernels for n in SIZES]
GOALS = {1: {"mlp64": (25, 3.5, 2.5, 3), "gauss8": (900, 100, 45, 45), "score128": (7, None, 1.4, None)},
         2: {"mlp64": (None, 6, 5, 6), "gauss8": (None, None, 80, 80), "score128": (None, None, 2.5, None)}}


def environment(threads):
    env = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads), TH=str(threads),
               OMP_WAIT_POLICY="passive")
    env.pop("OPENBLAS_CORETYPE", None)
    return env


def baseline(name, threads):
    out = subprocess.run(["/usr/bin/python3", "chains.py", name], cwd=HERE, env=environment(threads),
                         check=True, capture_output=True, text=True).stdout
    wall, processor = map(float, out.split()[1:])
    return wall, processor


def program(binary, name, threads):
    out = subprocess.run([binary, "bench", name, "--threads", str(threads), "--json"],
                         env=environment(threads), check=True, capture_output=True, text=True).stdout
    result = json.loads(out)
    rows = {row["name"]: row["value"] for row in result["rows"]}
    return (rows[name], rows[name + ".cpu"]), result["conditions"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("prefix", nargs="?", default="chains.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    column = 1 if options.threads == 1 else 0
    for name in filter(lambda row: row.startswith(options.prefix), ROWS):
        theirs, ours, conditions = [], [], {}
        for _ in range(options.rounds):
            for threads in sorted({1, options.threads}):
                theirs.append(baseline(name, threads)[column])
            rates, conditions = program(options.program, name, options.threads)
            ours.append(rates[column])
        if name == ROWS[0]:
            print(conditions)
        _, target, _, size = name.split(".")
        goals = GOALS.get(options.threads, {}).get(target)
        goal = goals[SIZES.index(int(size[1:]))] if goals else None
        ratio = max(ours) / max(theirs)
        verdict = "" if goal is None else f"goal {goal} " + ("met" if ratio >= goal else "MISSED")
        print(f"{name:32} baseline {max(theirs):10.3g} program {max(ours):10.3g} ratio {ratio:8.1f} {verdict}",
              flush=True)


if __name__ == "__main__":
    main()

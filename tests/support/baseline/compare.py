#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the Python baseline and the program in turn and prints how much faster the program is.

Usage: compare.py PROGRAM [mlp|denoiser|conv|ebm] [--rounds N] [--threads 1|2]
The baseline has one thread, its best setting; OPENBLAS_CORETYPE is unset so that both use the
machine's best kernels. The ratio is of wall times (20th percentile of each run, best round of each
side), and of processor times, which are the fairer figure on a machine that others use.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
# Work of the command line: work of train.py, row of bench, goals with one thread and with two.
WORK = {"mlp": ("vae", "train.vae_mlp", (1.7, 2.0)),
        "denoiser": ("toy", "train.denoiser2d", (1.6, 2.0)),
        "conv": ("conv", "train.vae_conv", (1.6, None)),
        "ebm": ("ebm", "train.ebm2d", (2.2, 3.5))}


def environment():
    env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", EAGER="1", TH="1",
               OMP_WAIT_POLICY="passive")
    env.pop("OPENBLAS_CORETYPE", None)
    return env


def baseline(name):
    out = subprocess.run(["/usr/bin/python3", "train.py", name], cwd=HERE, env=environment(),
                         check=True, capture_output=True, text=True).stdout
    wall, cpu = re.search(r"wall20 ([\d.]+).*cpu20 ([\d.]+)", out).groups()
    return float(wall), float(cpu)


def program(binary, name, threads):
    out = subprocess.run([binary, "bench", name, "--threads", str(threads), "--json"],
                         env=environment(),
                         check=True, capture_output=True, text=True).stdout
    rows = {row["name"]: row["value"] for row in json.loads(out)["rows"]}
    return rows[name], rows[name + ".cpu"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("work", nargs="?", default="mlp", choices=sorted(WORK))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, choices=(1, 2))
    options = parser.parse_args()
    python_name, bench_name, goals = WORK[options.work]
    theirs, ours = [], []
    for _ in range(options.rounds):
        theirs.append(baseline(python_name))
        ours.append(program(options.program, bench_name, options.threads))
    best = lambda pairs, column: min(pair[column] for pair in pairs)
    for column, label in ((0, "wall"), (1, "processor")):
        a, b = best(theirs, column), best(ours, column)
        print(f"{bench_name} {label}: baseline {a:.3f} ms, program {b:.3f} ms, "
              f"ratio {a / b:.2f} (goal {goals[options.threads - 1]})")


if __name__ == "__main__":
    main()

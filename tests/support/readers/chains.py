#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the chains of `run --out FOLDER` as ArviZ does and compares them with arrays/chains.npy.

chains.nc: each group by xarray with h5netcdf (InferenceData.from_netcdf of ArviZ 0.x), the whole file
as a DataTree (ArviZ 1.x). cmdstan/*.csv: line by line, as from_cmdstan reads them: comments anywhere,
saved warm-up cut off by the numbers in the comments.
"""
import glob
import sys

import h5netcdf
import numpy as np
import xarray

STATISTICS = {"lp", "acceptance_rate", "diverging", "energy", "n_steps", "step_size", "tree_depth"}


def of_posterior(dataset):
    """Variables [chain, draw, ...] side by side as [draw, chain, D]."""
    columns = []
    for name, variable in dataset.data_vars.items():
        assert variable.dims[:2] == ("chain", "draw"), (name, variable.dims)
        if name != "radius":  # a quantity of ours, not a coordinate
            values = variable.values
            columns.append(values.reshape(*values.shape[:2], -1))
    return np.concatenate(columns, axis=2).transpose(1, 0, 2)


def of_csv(path):
    comments, rows, header = {}, [], None
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if line.startswith("#"):
            key, equals, value = line.lstrip("# ").partition("=")
            if equals:
                comments[key.strip()] = value.replace("(Default)", "").strip()
        elif header is None:
            header = line.split(",")
        elif line:
            rows.append([float(cell) for cell in line.split(",")])
    warmup = int(comments["save_warmup"]) * int(comments["num_warmup"]) // int(comments["thin"])
    wanted = [i for i, name in enumerate(header) if not name.endswith("__") and name != "radius"]
    draws = np.array(rows)[warmup:][:, wanted]
    assert len(draws) == int(comments["num_samples"]), path
    return draws


def main(folder):
    truth = np.load(folder + "/arrays/chains.npy")
    path = folder + "/chains.nc"
    with h5netcdf.File(path, "r") as file:
        groups = list(file.groups)
    assert {"posterior", "sample_stats"} <= set(groups), groups
    for group in groups:
        with xarray.open_dataset(path, group=group, engine="h5netcdf") as dataset:
            assert {"chain", "draw"} <= set(dataset.coords), group
            assert {"created_at", "inference_library", "inference_library_version"} <= set(dataset.attrs)
            if group == "posterior":
                assert np.array_equal(of_posterior(dataset), truth)
            if group == "sample_stats":
                assert set(dataset.data_vars) <= STATISTICS, set(dataset.data_vars)
                assert dataset["diverging"].dtype == bool
    tree = xarray.open_datatree(path)
    assert np.array_equal(of_posterior(tree["posterior"].to_dataset()), truth)
    files = sorted(glob.glob(folder + "/cmdstan/chains_*.csv"), key=lambda f: (len(f), f))
    assert len(files) == truth.shape[1]
    for chain, file in enumerate(files):
        assert np.array_equal(of_csv(file), truth[:, chain]), file
    print(f"{folder}: {truth.shape} draws agree to the last bit in {groups} and {len(files)} tables; "
          f"xarray {xarray.__version__}, h5netcdf {h5netcdf.__version__}")


if __name__ == "__main__":
    for run in sys.argv[1:]:
        main(run)

# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of `bench geometry.*`: the pull-back metric of a decoder 2-256-512-784 on 64 x 64 points, by double
backward and by one backward pass an output (timed on four of them), and a geodesic of 64 points by 100 steps
of Adam. Usage: geometry.py NAME..., of double_backward, row_by_row, geodesic
"""
from common import *
import torch.nn as nn

torch.manual_seed(0)
OUTPUTS, TIMED = 784, 4
decoder = nn.Sequential(nn.Linear(2, 256), nn.Tanh(), nn.Linear(256, 512), nn.Tanh(), nn.Linear(512, OUTPUTS))
decoder.requires_grad_(False)
line = torch.linspace(-3, 3, 64)
grid = torch.cartesian_prod(line, line).contiguous()
first, last = torch.tensor([-2.0, -1.0]), torch.tensor([2.0, 1.5])


def double_backward():
    z = grid.clone().requires_grad_(True)
    y = decoder(z)
    v = torch.zeros_like(y).requires_grad_(True)
    back = torch.autograd.grad(y, z, v, create_graph=True)[0]
    columns = [torch.autograd.grad(back[:, i].sum(), v, retain_graph=True)[0] for i in range(2)]
    jacobian = torch.stack(columns, 2)
    return jacobian.transpose(1, 2) @ jacobian


def some_rows():
    z = grid.clone().requires_grad_(True)
    y = decoder(z)
    metric = torch.zeros(len(grid), 2, 2)
    for k in range(TIMED):
        row = torch.autograd.grad(y[:, k].sum(), z, retain_graph=True)[0]
        metric += row[:, :, None] * row[:, None, :]
    return metric


def geodesic():
    t = torch.linspace(0, 1, 64)[:, None]
    points = ((1 - t) * first + t * last)[1:-1].clone().requires_grad_(True)
    adam = torch.optim.Adam([points], 0.02)
    for _ in range(100):
        y = decoder(torch.cat([first[None], points, last[None]]))
        energy = ((y[1:] - y[:-1]) ** 2).sum()
        adam.zero_grad()
        energy.backward()
        adam.step()
    return energy


def row_by_row():
    some = bench(some_rows, total=1.5, reps=5)
    forward = bench(lambda: decoder(grid.clone().requires_grad_(True)), total=0.5, reps=5)
    return [(a - b) / TIMED * OUTPUTS + b for a, b in zip(some, forward)]


for name in sys.argv[1:]:
    result = row_by_row() if name == "row_by_row" else bench(
        {"double_backward": double_backward, "geodesic": geodesic}[name], total=1.5, reps=5)
    print(f"{name} {result[0]:.4f} {result[2]:.4f}", flush=True)

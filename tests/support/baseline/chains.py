# SPDX-License-Identifier: GPL-3.0-or-later
"""The chains of `bench chains.*`: ULA, MALA and HMC with ten leapfrog steps on a network's energy, on
eight Gaussians, and ULA on a network's score. Usage: chains.py NAME..., of chains.<target>.<kernel>.n<N>
"""
from common import *
import math
import torch.nn as nn

torch.manual_seed(0)
STEP, LEAP = 0.02, 0.05  # eta of Langevin kernels, epsilon of HMC
ROOT = math.sqrt(STEP)
CENTRES = torch.tensor([[2 * math.cos(k * math.pi / 4), 2 * math.sin(k * math.pi / 4)] for k in range(8)])


def network(width, outputs):
    net = nn.Sequential(nn.Linear(2, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
                        nn.Linear(width, outputs))
    return net.requires_grad_(False)


energy_net, score_net = network(64, 1), network(128, 2)
ENERGIES = {"mlp64": lambda z: energy_net(z)[:, 0],
            "gauss8": lambda z: -torch.logsumexp(-((z[:, None, :] - CENTRES) ** 2).sum(-1) / (2 * 0.09), 1)}


def value_and_gradient(energy, z):
    z = z.detach().requires_grad_(True)
    e = energy(z)
    return e.detach(), torch.autograd.grad(e.sum(), z)[0]


def ula(energy, state):
    _, g = value_and_gradient(energy, state[0])
    state[0] = state[0] - 0.5 * STEP * g + ROOT * torch.randn_like(state[0])


def decide(state, log_alpha, proposal):
    move = torch.rand_like(log_alpha).log() < log_alpha
    rows = move[:, None]
    state[0] = torch.where(rows, proposal[0], state[0])
    state[1] = torch.where(move, proposal[1], state[1])
    state[2] = torch.where(rows, proposal[2], state[2])


def mala(energy, state):
    if state[1] is None:
        state[1], state[2] = value_and_gradient(energy, state[0])
    z, e, g = state
    noise = torch.randn_like(z)
    y = z - 0.5 * STEP * g + ROOT * noise
    f, h = value_and_gradient(energy, y)
    back = ((z - y + 0.5 * STEP * h) ** 2).sum(1) / (2 * STEP)
    decide(state, e - f - back + 0.5 * (noise * noise).sum(1), (y, f, h))


def hmc10(energy, state):
    if state[1] is None:
        state[1], state[2] = value_and_gradient(energy, state[0])
    z, e, g = state
    p = torch.randn_like(z)
    before = e + 0.5 * (p * p).sum(1)
    for _ in range(10):
        p = p - 0.5 * LEAP * g
        z = z + LEAP * p
        f, g = value_and_gradient(energy, z)
        p = p - 0.5 * LEAP * g
    decide(state, before - f - 0.5 * (p * p).sum(1), (z, f, g))


def score_ula(state):
    with torch.inference_mode():
        state[0] = state[0] + 0.5 * STEP * score_net(state[0]) + ROOT * torch.randn_like(state[0])


KERNELS = {"ula": ula, "mala": mala, "hmc10": hmc10}

for name in sys.argv[1:]:
    _, target, kernel, count = name.split(".")
    chains = int(count[1:])
    state = [torch.randn(chains, 2), None, None]
    start, calls = state[0].clone(), [0]

    def step():
        calls[0] += 1
        if calls[0] % 64 == 0:  # an untrained energy has no bottom: do not walk off
            state[:] = [start.clone(), None, None]
        score_ula(state) if target == "score128" else KERNELS[kernel](ENERGIES[target], state)

    wall, _, processor = bench(step, total=0.5, reps=20)
    print(name, chains / wall * 1e3, chains / processor * 1e3, flush=True)

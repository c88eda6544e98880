"""Full-batch gradient descent on the same network in PyTorch (Debian: python3-torch): what a user would otherwise write.

  torch_gd.py n=1000 d=1000 m=8192 steps=10 dtype=float64 threads=2 [repeat=5] [eta=.1]

prints one JSON object: the best seconds per step by autograd and with gradients by hand. OpenBLAS may not know a virtual machine's
processor, and takes kernels several times slower then, unless OPENBLAS_CORETYPE says what it is: compare against the better of both.
"""
import json
import sys
import time

import torch

given = dict(arg.split("=", 1) for arg in sys.argv[1:])
n, d, m, steps = (int(given[k]) for k in ("n", "d", "m", "steps"))
dtype, eta = getattr(torch, given.get("dtype", "float64")), float(given.get("eta", 0.1))
torch.set_num_threads(int(given.get("threads", 1)))
torch.manual_seed(0)
x = torch.nn.functional.normalize(torch.randn(n, d, dtype=dtype), dim=1)
y, a, scale = torch.randn(n, dtype=dtype), torch.sign(torch.randn(m, dtype=dtype)), m**-0.5
w0 = torch.randn(m, d, dtype=dtype)


def by_autograd():
    w = w0.clone().requires_grad_()
    for _ in range(steps):
        u = torch.relu(x @ w.T) @ a * scale
        loss = 0.5 * ((u - y)**2).sum()
        loss.backward()
        with torch.no_grad():
            w -= eta * w.grad
            w.grad = None


def by_hand():
    w = w0.clone()
    with torch.no_grad():
        for _ in range(steps):
            z = x @ w.T
            s = (z >= 0).to(dtype)
            r = (z * s) @ a * scale - y
            w -= ((s * r[:, None] * a[None, :]).T @ x) * (eta * scale)


def seconds(train):
    begin = time.perf_counter()
    train()
    return (time.perf_counter() - begin) / steps


x @ w0.T
out = {"torch": torch.__version__, "threads": torch.get_num_threads()}
for name, train in (("autograd", by_autograd), ("by_hand", by_hand)):
    out[name] = min(seconds(train) for _ in range(int(given.get("repeat", 5))))
print(json.dumps(out))

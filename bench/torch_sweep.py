"""A whole width sweep as a user would write it in PyTorch (Debian: python3-torch): a process pool over the grid, a CSV at the end.

  torch_sweep.py [n=20,40,80] [m=8,16,32,64,128,256] [d=20] [seeds=5] [steps=2000] [stop=1e-4] [workers=2]

Gradients by hand, which is faster than autograd at these sizes, one thread a worker, float64, step 1/lambda_max of each data set; a point ends when
its loss is below stop * loss_zero. Prints one JSON object: points, seconds without imports, steps taken, the share that fitted.
"""
import csv
import itertools
import json
import multiprocessing
import sys
import tempfile
import time

import torch

given = {"n": "20,40,80", "m": "8,16,32,64,128,256", "d": "20", "seeds": "5", "steps": "2000", "stop": "1e-4", "workers": "2"}
given.update(arg.split("=", 1) for arg in sys.argv[1:])
d, steps, stop = int(given["d"]), int(given["steps"]), float(given["stop"])


def point(job):
    n, m, seed = job
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    x = torch.nn.functional.normalize(torch.randn(n, d, dtype=torch.float64), dim=1)
    y, w = torch.randn(n, dtype=torch.float64), torch.randn(m, d, dtype=torch.float64)
    a, scale = torch.sign(torch.randn(m, dtype=torch.float64)), m**-0.5
    rho = (x @ x.T).clamp(-1, 1)
    eta = 1 / float(torch.linalg.eigvalsh(rho * (torch.pi - torch.arccos(rho)) / (2 * torch.pi))[-1])
    zero, taken = 0.5 * float(y @ y), 0
    with torch.no_grad():
        while True:
            z = x @ w.T
            s = (z >= 0).to(torch.float64)
            r = (z * s) @ a * scale - y
            loss = 0.5 * float(r @ r)
            if loss <= stop * zero or taken == steps:
                return n, m, seed, loss, taken, loss <= stop * zero
            w -= ((s * r[:, None] * a[None, :]).T @ x) * (eta * scale)
            taken += 1


if __name__ == "__main__":
    grid = list(itertools.product(*([int(v) for v in given[k].split(",")] for k in ("n", "m")), range(int(given["seeds"]))))
    with multiprocessing.Pool(int(given["workers"])) as pool, tempfile.TemporaryFile("w") as out:
        pool.map(point, grid[:4])
        begin = time.perf_counter()
        rows = pool.map(point, grid, chunksize=1)
        csv.writer(out).writerows(rows)
        seconds = time.perf_counter() - begin
    taken = sum(row[4] for row in rows)
    print(json.dumps({"torch": torch.__version__, "points": len(rows), "seconds": seconds, "steps": taken, "fitted": sum(row[5] for row in rows) / len(rows)}))

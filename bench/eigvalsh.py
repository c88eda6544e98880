"""The extreme eigenvalues of the infinite-width Gram matrix of random inputs by numpy (Debian: python3-numpy).

  eigvalsh.py n=8000 d=100 file=x.npy

writes the inputs to the file, and prints one JSON object: the eigenvalues, and the seconds of making the matrix and of decomposing it.
"""
import json
import sys
import time

import numpy as np

given = dict(arg.split("=", 1) for arg in sys.argv[1:])
n, d = int(given["n"]), int(given["d"])
x = np.random.default_rng(0).standard_normal((n, d))
x /= np.linalg.norm(x, axis=1, keepdims=True)
np.save(given["file"], x)
begin = time.perf_counter()
rho = np.clip(x @ x.T, -1, 1)
h = rho * (np.pi - np.arccos(rho)) / (2 * np.pi)
np.fill_diagonal(h, 0.5)
made = time.perf_counter()
values = np.linalg.eigvalsh(h)
print(json.dumps({"numpy": np.__version__, "lambda0": values[0], "lambda_max": values[-1], "make": made - begin, "decompose": time.perf_counter() - made}))

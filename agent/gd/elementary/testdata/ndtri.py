"""Prints 500 pairs [p, Phi^-1(p)] by scipy.special.ndtri: python3 ndtri.py > ndtri.json"""
import json
import numpy as np
from scipy.special import ndtri

word = np.random.Philox(key=[0, 1]).random_raw(500)
p = ((word >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52
p[:50] = 2.0 ** -np.linspace(1.1, 53, 50)
p[50:100] = 1 - p[:50]
p = p.clip(2.0**-53, 1 - 2.0**-53)
print(json.dumps(np.stack([p, ndtri(p)], axis=1).tolist()))

#!/usr/bin/python3
"""A slow, plain reference of one point of the trainer two-layer, in numpy float64 (Debian: python3-numpy python3-scipy).
The golden cases beside it were made by it: see make_golden.py. It knows more objectives, activations and starts than the trainer.

  reference.py n=40 d=20 m=300 seed=3 steps=50 lr=0.4
  reference.py n=40 d=20 m=300 steps=50 lr=2/lambda_max data=pairs pairs=1 angle=0.3 labels=rademacher objective=logistic
               activation=softplus train=both init=symmetric data_seed=7
  reference.py n=30 d=10 m=64 steps=32/(eta*lambda0) plateau=500 loss_below=1e-4

prints one JSON object: scalars, and curves with a value at every step from 0 to the last one taken. null: undefined or not decided.
"""
import json
import math
import re
import sys
import numpy as np
from scipy.special import expit, ndtr, ndtri

STREAM = {"x": 1, "y": 2, "w0": 3, "a": 4, "batch": 5, "teacher": 6, "noise": 7}
DEFAULTS = {"seed": 0, "lr": "1/lambda_max", "steps": "32/(eta*lambda0)", "steps_limit": 1000000, "stop_at_fit": "true", "plateau": 0,
            "data": "sphere", "labels": "gaussian", "objective": "squared", "activation": "relu", "train": "hidden", "init": "standard",
            "spread": 0.1, "margin": 0.0, "noise": 0.0}
TEXT = {"lr", "steps", "stop_at_fit", "data", "labels", "objective", "activation", "train", "init"}
REAL = {"angle", "spread", "margin", "noise", "loss_below"}
CURVES = ["loss", "pattern_changes", "pattern_flips", "max_move", "mean_move", "max_output_move", "gradient_norm", "pl", "lambda_min",
          "kernel_drift", "accuracy"]


def words(seed, stream, count):
    """The first `count` words of Philox4x64-10 with key (seed, stream)."""
    return np.random.Philox(key=np.array([seed, STREAM[stream]], dtype=np.uint64)).random_raw(count)


def uniform(w):
    """In the open interval (0, 1): never 0, never 1."""
    return ((w >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def normals(w):
    return ndtri(uniform(w))


def signs(w):
    return np.where(w >> np.uint64(63) == 1, 1.0, -1.0)


def unit(v):
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def teacher(p):
    """The labelling network: a function of rows of X."""
    k, d = p["teacher_width"], p["d"]
    w = words(p["data_seed"], "teacher", k * d + k)
    weights, out = normals(w[:k * d]).reshape(k, d), signs(w[k * d:])
    return lambda x: np.maximum(x @ weights.T, 0) @ out * k**-0.5


def inputs(p):
    n, d, seed = p["n"], p["d"], p["data_seed"]
    if p["data"] == "clusters":
        z = normals(words(seed, "x", (p["clusters"] + n) * d)).reshape(-1, d)
        centres = unit(z[:p["clusters"]])
        return unit(centres[np.arange(n) % p["clusters"]] + p["spread"] * z[p["clusters"]:])
    count = n
    while True:
        x = unit(normals(words(seed, "x", count * d)).reshape(count, d))
        keep = np.abs(teacher(p)(x)) >= p["margin"] if p["margin"] > 0 else np.ones(count, bool)
        if keep.sum() >= n:
            break
        if count >= 1000 * n:
            raise SystemExit(f"fewer than {n} of the first {1000 * n} inputs have a margin of {p['margin']}")
        count = min(2 * count, 1000 * n)
    x = x[keep][:n]
    if p["data"] == "pairs":
        for k in range(p.get("pairs", n // 2)):
            u, v = x[2 * k], x[2 * k + 1]
            x[2 * k + 1] = np.cos(p["angle"]) * u + np.sin(p["angle"]) * unit(v - (u @ v) * u)
    return x


def labels(p, x):
    n, seed = p["n"], p["data_seed"]
    if p["labels"] == "gaussian":
        return normals(words(seed, "y", n))
    if p["labels"] == "rademacher":
        return signs(words(seed, "y", n))
    y = teacher(p)(x)
    if p["labels"] == "teacher":
        return y
    y = np.where(y >= 0, 1.0, -1.0)
    return np.where(uniform(words(seed, "noise", n)) < p["noise"], -y, y)


def start(p):
    m, d = p["m"], p["d"]
    if p["init"] == "symmetric":
        w, a = normals(words(p["seed"], "w0", m // 2 * d)).reshape(m // 2, d), signs(words(p["seed"], "a", m // 2))
        return np.repeat(w, 2, axis=0), np.stack([a, -a], axis=1).ravel()
    return normals(words(p["seed"], "w0", m * d)).reshape(m, d), signs(words(p["seed"], "a", m))


def phi(name, z):
    """The activation and its derivative at z."""
    if name == "relu":
        return np.maximum(z, 0), (z >= 0).astype(float)
    if name == "softplus":
        return np.logaddexp(0, z), expit(z)
    if name == "tanh":
        return np.tanh(z), 1 - np.tanh(z)**2
    if name == "gelu":
        return z * ndtr(z), ndtr(z) + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    if name == "quadratic":
        return z * z / 2, z
    raise SystemExit(f"unknown activation {name}")


def expectation(f, rho, terms=200):
    """E[f(u) f(v)] of standard normals u, v with correlation rho: sum of c_k^2 rho^k over Hermite coefficients c_k."""
    z = np.arange(-13 * 32, 13 * 32 + 1) / 32
    weight = f(z) * np.exp(-z * z / 2) / math.sqrt(2 * math.pi) / 32
    before, h, c = np.zeros_like(z), np.ones_like(z), []
    for k in range(terms):
        c.append(float(h @ weight))
        before, h = h, (z * h - math.sqrt(k) * before) / math.sqrt(k + 1)
    return np.polyval(np.square(c)[::-1], rho)


def gram_infinity(activation, x):
    """H_inf and G_inf; the ReLU's angles are taken without loss near 0 and pi."""
    if activation != "relu":
        rho = np.clip(x @ x.T, -1, 1)
        return rho * expectation(lambda z: phi(activation, z)[1], rho), expectation(lambda z: phi(activation, z)[0], rho)
    size = np.linalg.norm(x, axis=1)
    v = x / size[:, None]
    diff, total = (np.linalg.norm(v[:, None] + s * v[None], axis=-1) for s in (-1, 1))
    angle, size = 2 * np.arctan2(diff, total), np.outer(size, size)
    return size * np.cos(angle) * (np.pi - angle) / (2 * np.pi), size * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)


def extremes(t):
    """Least and greatest eigenvalue; what rounding cannot tell from 0 is 0."""
    e = np.linalg.eigvalsh(t)
    return (0.0 if e[0] < len(t) * 2.0**-52 * e[-1] else float(e[0])), float(e[-1])


def loss_and_slope(name, u, y):
    """L and dL/du."""
    if name == "squared":
        return 0.5 * float((u - y) @ (u - y)), u - y
    return float(np.mean(np.logaddexp(0, -y * u))), -y * expit(-y * u) / len(y)


def relative(text, quantity):
    """TIMES of TIMES/quantity, or None if text is a plain number."""
    return float(text.removesuffix("/" + quantity)) if text.endswith("/" + quantity) else None


def run(given):
    p = {**DEFAULTS, **given}
    p.setdefault("data_seed", p["seed"])
    m, n, both, squared = p["m"], p["n"], p["train"] == "both", p["objective"] == "squared"
    p.setdefault("loss_below", 1e-6 if squared else 1 / n)
    x = inputs(p)
    y = labels(p, x)
    w, a = start(p)
    h_inf, g_inf = gram_infinity(p["activation"], x)
    lambda0, lambda_max = extremes(h_inf + g_inf if both else h_inf)
    times = relative(str(p["lr"]), "lambda_max")
    eta = float(p["lr"]) if times is None else times / lambda_max * (1 if squared else 4 * n)
    pace = eta * lambda0                                   # the theory speaks where 0 < pace < 2
    times = relative(str(p["steps"]), "(eta*lambda0)")
    if times is None:
        steps = int(p["steps"])
    elif lambda0 == 0:
        steps = p["steps_limit"]
    else:
        steps = math.ceil(times * (1 if squared else 4 * n) / pace)
        steps = min(p["steps_limit"], max(steps, 1000) if pace >= 1 else steps)
    zero = 0.5 * float(y @ y) if squared else math.log(2)
    target = p["loss_below"] * zero
    idle = ([] if both else ["max_output_move"]) + ([] if p["labels"] in ("rademacher", "teacher-sign") else ["accuracy"])
    curves = {name: [] for name in CURVES if name not in idle}
    w0, a0, scale = w.copy(), a.copy(), m**-0.5
    first = before = gram0 = fitted = None
    stopped, losses, k = "steps", [], 0
    while True:
        z = x @ w.T
        value, slope = phi(p["activation"], z)
        u = value @ a * scale
        loss, g = loss_and_slope(p["objective"], u, y)
        if not np.isfinite(loss) or loss > 1e6 * max(losses[0] if losses else loss, zero):
            stopped = "diverged"
            break
        losses.append(loss)
        grad_w = scale * a[:, None] * ((slope * g[:, None]).T @ x)
        grad_a = scale * (value.T @ g)
        pattern = z >= 0
        gram = (x @ x.T) * ((slope * a**2) @ slope.T) / m
        if both:
            gram = gram + value @ value.T / m
        if first is None:
            first, before, gram0 = pattern, pattern, gram
        square = float((grad_w**2).sum() + (both and (grad_a**2).sum()))
        moves = np.linalg.norm(w - w0, axis=1)
        for name, v in zip(CURVES, (loss, np.mean(pattern != first), np.mean(pattern != before), moves.max(), moves.mean(),
                                    abs(a - a0).max(), square**0.5, square / (2 * loss) if loss > 0 else None,
                                    extremes(gram)[0], np.linalg.norm(gram - gram0, 2), np.mean(y * u > 0))):
            if name in curves:
                curves[name].append(None if v is None else float(v))
        before = pattern
        if fitted is None and loss <= target:
            fitted = k
            if p["stop_at_fit"] == "true":
                stopped = "fit"
                break
        if k == steps:
            break
        if p["plateau"] and k >= p["plateau"] and min(losses[k - p["plateau"] + 1:]) > (1 - 1e-3) * min(losses[:k - p["plateau"] + 1]):
            stopped = "plateau"
            break
        w = w - eta * grad_w
        a = a - eta * grad_a if both else a
        k += 1
    # The events, up to the fit or the last step.
    end = fitted if fitted is not None else len(losses) - 1
    diverged = stopped == "diverged" and fitted is None
    bound, kept_rate = losses[0], True
    for j in range(end + 1):
        bound *= 1 - pace / 2 if j else 1
        kept_rate &= losses[j] <= bound
    late_for_theory = squared and 0 < pace < 2 and bound <= target
    kept_kernel = all(v >= lambda0 / 2 for v in curves["lambda_min"][:end + 1])
    decide = lambda kept: None if lambda0 == 0 else False if diverged or not kept else True if fitted is not None else None
    late = None
    if fitted is not None and fitted - (fitted + 1) // 2 >= 2 and min(losses[:fitted + 1]) > 0:
        at = np.arange((fitted + 1) // 2, fitted + 1)
        late = -float(np.polyfit(at, np.log(np.array(losses)[at]), 1)[0])
    scalars = {"lambda0": lambda0, "lambda0_hidden": extremes(h_inf)[0], "lambda_max": lambda_max, "eta": eta, "loss_zero": zero,
               "loss_initial": losses[0], "steps_done": len(losses) - 1, "stopped": stopped, "steps_to_fit": fitted, "late_rate": late,
               "lambda_min_initial": curves["lambda_min"][0], "lambda_min_least": min(curves["lambda_min"]),
               "event_fit": True if fitted is not None else False if stopped == "plateau" or diverged or late_for_theory else None,
               "event_rate": decide(kept_rate) if squared and pace < 2 else None, "event_kernel": decide(kept_kernel),
               "event_init": None if lambda0 == 0 else curves["lambda_min"][0] >= 0.75 * lambda0,
               **{name + "_final": values[-1] for name, values in curves.items()}}
    return {"scalars": scalars, "curves": curves}


if __name__ == "__main__":
    given = {}
    for arg in sys.argv[1:]:
        key, text = arg.split("=", 1)
        given[key] = text if key in TEXT else float(text) if key in REAL else int(text)
    if given.get("init") == "symmetric" and given["m"] % 2:
        raise SystemExit("init=symmetric needs an even m")
    if given.get("data") == "pairs" and ("angle" not in given or given["d"] < 2 or 2 * given.get("pairs", given["n"] // 2) > given["n"]):
        raise SystemExit("data=pairs needs an angle, d of 2 or more, and 2 * pairs of at most n")
    json.dump(run(given), sys.stdout)
    print()

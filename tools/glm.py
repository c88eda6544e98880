"""The fitted law against statsmodels, on the same exported data: glm.py POINTS.csv ANALYSIS.json

A binomial GLM whose link is logit(p / (1 - lapse)), the lapse being what widthlaw found: given the lapse its posterior in the
coefficients is this very likelihood, so both must have the same peak. Laws that were not fitted, or that have the weak
prior of complete separation, or cannot tell n and lambda0 apart, are passed over."""
import json
import sys

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.genmod.families.links import Link


class Lapsing(Link):
    """logit(p / (1 - lapse)), which statsmodels does not have."""

    def __init__(self, lapse):
        self.keep = 1 - lapse

    def _share(self, p):
        return np.clip(p, 1e-300, self.keep * (1 - 1e-15)) / self.keep

    def __call__(self, p):
        s = self._share(p)
        return np.log(s / (1 - s))

    def inverse(self, z):
        return self.keep / (1 + np.exp(-z))

    def deriv(self, p):
        s = self._share(p)
        return 1 / (self.keep * s * (1 - s))

    def deriv2(self, p):
        s = self._share(p)
        return (2 * s - 1) / (self.keep * s * (1 - s)) ** 2

    def inverse_deriv(self, z):
        s = 1 / (1 + np.exp(-z))
        return self.keep * s * (1 - s)


class Lapses(sm.families.Binomial):
    """Binomial, with that link."""

    links = [Lapsing]
    safe_links = links


def told(law):
    """The names of the law's terms, empty where it is passed over."""
    model, exponents = law.get("model"), law["exponents"]
    if model is None or model["separated"] or "along" in law:
        return []
    return [name for name in ("n", "lambda0", "d") if exponents.get(name) and exponents[name]["value"] is not None]


def compare(points, law, names):
    runs = points[points["event_" + law["event"]].notna() & (points.lambda0 > 0) & (points.m >= 10)]
    won = runs["event_" + law["event"]].astype(str).str.lower().eq("true").astype(float)
    x = sm.add_constant(np.log(runs[["m", *names]].astype(float)))
    fit = sm.GLM(won, x, family=Lapses(link=Lapsing(law["model"]["lapse"])), missing="none").fit(
        start_params=start(law, names), maxiter=200, tol=1e-14)
    worst = abs(fit.params["m"] / law["model"]["slope"] - 1)
    for name in names:
        worst = max(worst, abs(-fit.params[name] / fit.params["m"] - law["exponents"][name]["value"]))
    level = law["level"]
    needed = (np.log(level / (1 - level)) - fit.params["const"]) / fit.params["m"]
    worst = max(worst, abs(needed - law["model"]["intercept"]))
    print(f"{law['event']:8} {len(runs):6} runs, terms {', '.join(names):12} largest difference {worst:.1e}")
    return worst


def start(law, names):
    """Near the peak, and not at it."""
    slope = 0.8 * law["model"]["slope"]
    level = np.log(law["level"] / (1 - law["level"]))
    return [level - slope * law["model"]["intercept"], slope] + [-slope * law["exponents"][name]["value"] for name in names]


points = pd.read_csv(sys.argv[1])
laws = json.load(open(sys.argv[2]))["laws"]
assert len({law["event"] for law in laws}) == len(laws), "the sweep has several families: compare one"
worst = [compare(points, law, told(law)) for law in laws if told(law)]
assert worst, "no law to compare"
assert max(worst) < 1e-6, f"they differ by {max(worst):.1e}"

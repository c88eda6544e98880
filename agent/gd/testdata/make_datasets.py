#!/usr/bin/python3
"""Makes datasets.json again from reference.py (Debian: python3-numpy python3-scipy):

  /usr/bin/python3 agent/gd/testdata/make_datasets.py

A list of cases: the case as a command line of reference.py, X row by row and y (small cases only), and the spectrum of H_inf.
"""
import json
import pathlib
import reference

CASES = """
n=1 d=1
n=1 d=1 data_seed=1 labels=teacher teacher_width=1
n=2 d=1 labels=rademacher
n=5 d=1 data=clusters clusters=2 labels=teacher-sign teacher_width=2
n=1 d=6 data=pairs angle=1
n=2 d=2 data=pairs angle=3 data_seed=5
n=7 d=4 data_seed=9223372036854775807
n=9 d=3 seed=4
n=9 d=3 seed=4 data_seed=5 labels=rademacher
n=9 d=5 data=pairs angle=0.3 labels=rademacher
n=10 d=5 data=pairs pairs=2 angle=0.001 data_seed=3
n=8 d=3 data=pairs pairs=1 angle=1e-9 data_seed=3
n=8 d=3 data=pairs pairs=4 angle=3.1415 data_seed=4
n=8 d=3 data=pairs pairs=0 angle=1
n=11 d=4 data=clusters clusters=3 data_seed=2
n=4 d=4 data=clusters clusters=9 spread=2
n=6 d=3 data=clusters clusters=2 spread=0
n=10 d=4 labels=teacher teacher_width=3 data_seed=6
n=10 d=4 labels=teacher-sign teacher_width=5 noise=0.4 data_seed=7
n=12 d=3 labels=teacher teacher_width=4 margin=0.3 data_seed=8
n=3 d=6 labels=teacher-sign teacher_width=2 margin=0.5 noise=0.2 data_seed=9
n=9 d=4 data=pairs angle=0.5 labels=teacher-sign teacher_width=3 margin=0.1 data_seed=10
n=70 d=2 labels=teacher teacher_width=6 margin=0.05
n=50 d=50
n=100 d=50
n=200 d=50
n=400 d=50
n=100 d=1000
n=100 d=10
n=400 d=10
n=40 d=20 data=pairs pairs=1 angle=0.0156
n=200 d=2
"""


def dataset(case):
    given = {}
    for arg in case.split():
        key, text = arg.split("=", 1)
        given[key] = text if key in reference.TEXT else float(text) if key in reference.REAL else int(text)
    p = {**reference.DEFAULTS, **given}
    p.setdefault("data_seed", p["seed"])
    x = reference.inputs(p)
    lambda0, lambda_max = reference.extremes(reference.gram_infinity("relu", x)[0])
    out = {"case": case, "lambda0": lambda0, "lambda_max": lambda_max}
    if x.size <= 100:
        out |= {"x": x.ravel().tolist(), "y": reference.labels(p, x).tolist()}
    return out


cases = [dataset(line) for line in CASES.strip().splitlines()]
path = pathlib.Path(__file__).parent / "datasets.json"
path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")

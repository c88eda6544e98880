#!/usr/bin/python3
"""Makes golden.json.gz again from reference.py (Debian: python3-numpy python3-scipy):

  /usr/bin/python3 agent/gd/testdata/make_golden.py

One JSON object a line: the case as a command line of reference.py, and what that prints. The trainer's test reads it.
"""
import gzip
import json
import pathlib
import reference

CASES = """
n=1 d=1 m=1 steps=20 lr=0.3
n=1 d=1 m=1 steps=20 lr=0.3 seed=1
n=1 d=1 m=2 steps=9 lr=0.5 seed=4 labels=rademacher
n=1 d=7 m=3 steps=30
n=2 d=1 m=5 steps=40 lr=0.2 seed=2
n=3 d=1 m=9 steps=40 lr=0.2 seed=5 plateau=7
n=6 d=1 m=40 steps=60 steps_limit=500 seed=6
n=4 d=2 m=70 steps=5/(eta*lambda0) steps_limit=60 seed=8
n=40 d=20 m=300 seed=3 steps=50 lr=0.4
n=39 d=20 m=131 seed=11 steps=60 lr=0.7/lambda_max
n=41 d=20 m=64 seed=12 steps=60
n=65 d=13 m=129 seed=13 steps=60 lr=1.5/lambda_max
n=33 d=40 m=200 seed=14 steps=60 lr=1/lambda_max labels=rademacher
n=64 d=32 m=65 seed=15 steps=40 lr=0.5
n=63 d=33 m=63 seed=16 steps=40 lr=0.5
n=17 d=3 m=1 seed=17 steps=60 lr=0.1
n=9 d=5 m=2 seed=18 steps=60
n=130 d=9 m=33 seed=19 steps=30 lr=0.3
n=30 d=100 m=300 seed=20
n=20 d=50 m=128 seed=21 loss_below=1e-4 labels=rademacher
n=24 d=12 m=500 seed=22 loss_below=1e-3
n=24 d=13 m=500 seed=22 loss_below=1e-3
n=40 d=20 m=256 seed=23 steps=12/(eta*lambda0) loss_below=1e-4
n=40 d=20 m=48 seed=24 steps=3/(eta*lambda0)
n=30 d=10 m=64 seed=25 steps=0.5/(eta*lambda0) loss_below=1e-4
n=12 d=30 m=700 seed=26 lr=1.9/lambda_max steps=10/(eta*lambda0)
n=10 d=40 m=900 seed=27 lr=4 steps=2/(eta*lambda0) steps_limit=50
n=8 d=30 m=900 seed=28 lr=3.5 steps=60
n=5 d=60 m=2000 seed=29 lr=1.8 steps=40
n=12 d=24 m=100 seed=30 lr=30 steps=60
n=40 d=10 m=100 seed=31 lr=30 steps=60
n=25 d=6 m=50 seed=32 lr=1000 steps=60
n=25 d=20 m=50 seed=32 lr=1000 steps=60
n=30 d=20 m=50 seed=33 lr=1e9 steps=5
n=30 d=5 m=10 seed=34 plateau=20 steps=400 lr=0.5
n=60 d=5 m=4 seed=35 plateau=30 steps=300
n=20 d=12 m=6 seed=36 plateau=1 steps=200 lr=0.5
n=20 d=12 m=6 seed=37 plateau=50 steps=150 lr=0.5
n=18 d=20 m=400 seed=38 stop_at_fit=false steps=150 loss_below=1e-3
n=18 d=8 m=400 seed=39 stop_at_fit=false steps=200 loss_below=1e-2
n=18 d=20 m=400 seed=40 stop_at_fit=false steps=200 loss_below=1e-2 plateau=40
n=18 d=20 m=400 seed=41 stop_at_fit=false steps=20/(eta*lambda0) loss_below=1e-3
n=40 d=20 m=300 seed=42 steps=0
n=40 d=21 m=300 seed=43 steps=0 labels=rademacher
n=16 d=30 m=64 seed=44 loss_below=2 steps=30
n=16 d=30 m=4 seed=45 loss_below=2 stop_at_fit=false steps=30
n=40 d=20 m=128 seed=46 data_seed=7 steps=40
n=20 d=20 m=128 seed=0 data_seed=9223372036854775807 steps=40
n=20 d=8 m=128 seed=9223372036854775807 data_seed=0 steps=40
n=40 d=20 m=128 seed=47 steps=40 data=pairs angle=0.3
n=41 d=20 m=128 seed=48 steps=40 data=pairs angle=0.02 pairs=1
n=40 d=30 m=128 seed=49 steps=40 data=pairs angle=3.1 pairs=5 labels=rademacher
n=20 d=2 m=60 seed=50 steps=60 data=pairs angle=1.5707 pairs=10
n=20 d=20 m=60 seed=51 steps=60 data=pairs angle=0.5 pairs=0
n=24 d=30 m=100 seed=52 steps=30 data=pairs angle=1e-9 pairs=1
n=40 d=10 m=128 seed=53 steps=60 data=clusters clusters=3
n=40 d=30 m=128 seed=54 steps=60 data=clusters clusters=7 spread=0.5 labels=rademacher
n=20 d=11 m=128 seed=55 steps=60 data=clusters clusters=30 spread=0.01
n=20 d=10 m=128 seed=56 steps=30 data=clusters clusters=5 spread=0
n=50 d=10 m=128 seed=57 steps=60 labels=teacher teacher_width=4
n=30 d=20 m=128 seed=58 steps=60 labels=teacher teacher_width=1
n=50 d=10 m=128 seed=59 steps=60 labels=teacher-sign teacher_width=5
n=30 d=20 m=128 seed=60 steps=60 labels=teacher-sign teacher_width=5 noise=0.2
n=30 d=20 m=128 seed=61 steps=60 labels=teacher-sign teacher_width=3 margin=0.3
n=30 d=10 m=128 seed=62 steps=60 labels=teacher teacher_width=3 margin=0.5
n=20 d=15 m=128 seed=63 steps=60 labels=teacher-sign teacher_width=3 margin=0.1 noise=0.4 data=pairs angle=0.2 pairs=4
n=30 d=12 m=200 seed=64 steps=60 labels=teacher-sign teacher_width=2 data=clusters clusters=4
n=80 d=20 m=500 seed=65 steps=8/(eta*lambda0) loss_below=1e-2
n=100 d=60 m=257 seed=66 steps=50
n=101 d=50 m=193 seed=67 steps=50
n=30 d=30 m=1000 seed=68 lr=0.1 steps=400 loss_below=1e-3
n=14 d=7 m=129 seed=69 lr=0.02 steps=600
n=50 d=4 m=1500 seed=70 steps=200 lr=0.3
n=7 d=3 m=8200 seed=71 steps=60
n=257 d=40 m=130 seed=72 steps=6 labels=rademacher
n=300 d=200 m=190 seed=73 steps=6 lr=1.5/lambda_max
n=321 d=30 m=100 seed=74 steps=4 data=pairs angle=0.003
n=266 d=150 m=70 seed=75 steps=4 data=clusters clusters=6 spread=0.02
""".strip().splitlines()


def arguments(case):
    """The case as reference.py's own command line reads it."""
    given = {}
    for arg in case.split():
        key, text = arg.split("=", 1)
        given[key] = text if key in reference.TEXT else float(text) if key in reference.REAL else int(text)
    return given


if __name__ == "__main__":
    path = pathlib.Path(__file__).with_name("golden.json.gz")
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        for case in CASES:
            out.write(json.dumps({"case": case, **reference.run(arguments(case))}).encode() + b"\n")

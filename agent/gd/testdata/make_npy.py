#!/usr/bin/python3
"""Makes npy/ again (Debian: python3-numpy): one small table in the forms that numpy.save writes.

  /usr/bin/python3 agent/gd/testdata/make_npy.py
"""
import pathlib
import numpy as np

folder = pathlib.Path(__file__).parent / "npy"
folder.mkdir(exist_ok=True)
table = np.array([[3, 4, -1], [5, -12, 2], [8, 15, 0], [-7, 24, 1]])
for kind in ("<f8", ">f8", "<f4", ">f4", "<i8", ">i4", "<i2", "|i1"):
    for order in "CF":
        name = kind.replace("<", "little-").replace(">", "big-").replace("|", "") + "-" + order
        np.save(folder / f"{name}.npy", np.array(table, dtype=kind, order=order))
np.save(folder / "unsigned.npy", np.abs(table).astype("u2"))
np.save(folder / "bool.npy", table > 0)
np.save(folder / "column.npy", table[:, 0].astype(float))
for version in ((2, 0), (3, 0)):
    with open(folder / f"version{version[0]}.npy", "wb") as f:
        np.lib.format.write_array(f, table.astype(float), version=version)
np.save(folder / "wrong-three.npy", np.ones((2, 2, 2)))
np.save(folder / "wrong-none.npy", np.float64(1))
np.save(folder / "wrong-complex.npy", table.astype(complex))
np.save(folder / "wrong-half.npy", table.astype("f2"))
np.save(folder / "wrong-text.npy", np.array([["a", "b"]]))
np.save(folder / "wrong-record.npy", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]))
np.save(folder / "wrong-nan.npy", np.array([[1.0, 2.0], [3.0, np.nan]]))
np.save(folder / "wrong-empty.npy", np.ones((0, 3)))
np.save(folder / "wrong-zeros.npy", np.array([[1.0, 2.0], [0.0, 0.0]]))

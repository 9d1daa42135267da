"""Makes the data of the examples again: python examples/data/make_data.py (needs scikit-learn for the digits).

digits.npz       the test part of the UCI handwritten digits that scikit-learn ships, split by a seeded permutation
two_clouds.npz   10,000 points in two overlapping clouds, drawn from two normal distributions
sine.csv         120 samples of sin(x) + sin(3x)/3 with a little noise
adding.npz       sequences of 15 numbers, two of them marked; the target is the sum of these two (Hochreiter,
                 Schmidhuber 1997, the adding problem), in hundredths
sorting.npz      six digits, and after them all but the last of the same digits in order; the target is the digits in order
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def digits() -> None:
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    x, t = pixels[order].astype(np.uint8), labels[order].astype(np.uint8)
    np.savez_compressed(HERE / "digits.npz", x_train=x[:1437], t_train=t[:1437], x_test=x[1437:], t_test=t[1437:])


def two_clouds() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 10_000)
    x = rng.normal(0.0, 0.8, (10_000, 2)) + np.where(y[:, None] == 1, [1.0, 0.5], [-1.0, -0.5])
    np.savez_compressed(HERE / "two_clouds.npz", x=np.round(x * 100).astype(np.int16), y=y.astype(np.uint8)[:, None])


def sine() -> None:
    rng = np.random.default_rng(2)
    x = np.linspace(-3.0, 3.0, 120)
    y = np.sin(x) + np.sin(3 * x) / 3 + rng.normal(0.0, 0.02, x.size)
    rows = [f"{a:.4f},{b:.4f}" for a, b in zip(x, y, strict=True)]
    (HERE / "sine.csv").write_text("\n".join(["x,y", *rows]) + "\n")


def adding() -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(0, 101, (2500, 15))
    marks = np.zeros_like(values)
    for row in marks:
        row[rng.choice(15, 2, replace=False)] = 100
    x = np.stack([values, marks], axis=-1).astype(np.uint8)
    y = (values * (marks > 0)).sum(axis=1, keepdims=True).astype(np.uint8)
    np.savez_compressed(HERE / "adding.npz", x_train=x[:2000], y_train=y[:2000], x_test=x[2000:], y_test=y[2000:])


def sorting() -> None:
    rng = np.random.default_rng(4)
    digits = rng.integers(0, 10, (5000, 6)).astype(np.uint8)
    t = np.sort(digits, axis=1)
    x = np.concatenate([digits, t[:, :-1]], axis=1)
    np.savez_compressed(HERE / "sorting.npz", x_train=x[:4000], t_train=t[:4000], x_test=x[4000:], t_test=t[4000:])


if __name__ == "__main__":
    digits()
    two_clouds()
    sine()
    adding()
    sorting()

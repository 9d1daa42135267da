"""A number as it is printed: 0.40 is known to two decimals, 0.0000351085 to ten."""

from __future__ import annotations

import math
from decimal import Decimal


class Number(float):
    """A float that remembers how it was written.

    `text` is what stands in the file; `digits` the unit of its last printed digit: 0.01 for 0.40, 1e-6 for 3.5e-05.
    """

    text: str

    def __new__(cls, text: str | float) -> Number:
        written = text if isinstance(text, str) else repr(text)
        base = {"0x": 16, "0o": 8}.get(written[:2])
        try:
            plain = written.lower().replace(".inf", "inf").replace(".nan", "nan")
            value = float(plain) if base is None else int(written, base)
            self = super().__new__(cls, value)
        except OverflowError:
            self = super().__new__(cls, math.inf)
        self.text = written
        return self

    @property
    def exact(self) -> Decimal:
        """The number as printed, not rounded to binary; it must be finite."""
        return Decimal(int(self)) if self.text[:2] in ("0x", "0o") else Decimal(self.text)

    @property
    def digits(self) -> Decimal:
        """The unit of the last printed digit."""
        exponent = self.exact.as_tuple().exponent
        assert isinstance(exponent, int), "a finite number"
        return Decimal(1).scaleb(exponent)

    @property
    def whole(self) -> int | None:
        """The number as an int, where it is one: 3, 3.0 and 3e0 are; 0.5 is not."""
        return int(self) if math.isfinite(self) and self.is_integer() else None

    def __reduce__(self) -> tuple[type[Number], tuple[str]]:
        return Number, (self.text,)

    def __repr__(self) -> str:
        return self.text

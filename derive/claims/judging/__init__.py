"""What is true of each claim, in its turn: numbers by what the module computes, formulas by refutation and proof."""

"""Passes over a program.  Each changes how values are computed, and no value.

A pass takes a program and returns one.  A target chooses which to apply; those of `PASSES` can be switched off, one by one:

    with without("copies_propagated"):
        codegen.generate(network, derivation)
"""

from codegen.passes.alike import structure
from codegen.passes.copies import copies_propagated, definitions_expanded
from codegen.passes.dead_code import without_dead_code
from codegen.passes.guards import guards_merged
from codegen.passes.inlining import inlined_single_use
from codegen.passes.maxima import branches_as_maxima, signs_of_maxima
from codegen.passes.named import PASSES, optional, without
from codegen.passes.reductions import short_rows_turned, sums_as_products
from codegen.passes.repeated import without_repeated_statements
from codegen.passes.subexpressions import is_compound, is_costly, without_common_subexpressions
from codegen.passes.zeros import zeros_as_arrays

__all__ = [
    "PASSES", "branches_as_maxima", "copies_propagated", "definitions_expanded", "guards_merged",
    "inlined_single_use", "is_compound", "is_costly", "optional", "short_rows_turned", "signs_of_maxima", "structure",
    "sums_as_products", "without", "without_common_subexpressions", "without_dead_code", "without_repeated_statements",
    "zeros_as_arrays",
]

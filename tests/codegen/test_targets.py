"""A target is a folder: a toy one, made in a temporary place, is found and used."""

from __future__ import annotations

import sys

import pytest
from emitted import derivation, network, of_layers

import codegen
from codegen import targets
from codegen.targets.jax.lowered import JaxLowered
from derive.file.names import MODULE_VARIABLES, why_bad

TOY = '''
"""Counts statements."""
from codegen.program import flat
from codegen.lowering import lower
from derive.rewrites.stable_system import stable_system


def emit(network, derivation):
    program = lower(stable_system(derivation.system).blocks(), derivation.system.quantities, network.sizes)
    return {".py": f"STATEMENTS = {[s.name for s in flat(program.statements)]}\\n"}


def emit_trace(network, derivation, system):
    return emit(network, derivation)
'''


def test_a_folder_is_all_that_a_target_needs(tmp_path, monkeypatch):
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "__init__.py").write_text(TOY, encoding="utf-8")
    monkeypatch.setattr(targets, "__path__", [*targets.__path__, str(tmp_path)])
    text = of_layers("dense: 2")
    try:
        assert {"numpy", "c", "toy"} <= set(targets.names())
        module: dict[str, list[str]] = {}
        exec(codegen.generate(network(text), derivation(text), "toy"), module)
    finally:
        sys.modules.pop("codegen.targets.toy", None)
    assert set(network(text).system.definitions) <= set(module["STATEMENTS"])


def test_a_target_that_there_is_not_is_named_beside_those_there_are():
    with pytest.raises(ValueError, match="fortran.*numpy"):
        codegen.generate(network(of_layers("dense: 2")), derivation(of_layers("dense: 2")), "fortran")


def test_no_quantity_can_have_a_name_that_the_modules_use_for_something_else():
    assert {name for name in JaxLowered.reserved if why_bad(name) is None} <= MODULE_VARIABLES

"""Networks of the examples whose modules run, each made once for all tests of claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from claim_pages import Bench, example

from derive.checks.process import Runner


@pytest.fixture(scope="session")
def benches() -> Iterator[Callable[[str], Bench]]:
    """benches("worked_example")"""
    with ExitStack() as runners:
        yield cache(lambda name: example(name, runners.enter_context(Runner())))


@pytest.fixture
def worked(benches: Callable[[str], Bench]) -> Bench:
    return benches("worked_example")


@pytest.fixture
def classifier(benches: Callable[[str], Bench]) -> Bench:
    return benches("binary_classifier")

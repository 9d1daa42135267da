"""A sheet asks what its solution answers, of numbers that are nice and can be computed with, whatever the network."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
from derivation.networks import network
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_document import compiled, needs_tex, overfull

from derive.checks.process import Runner
from derive.exercise import Sheet, Task, Unsuitable, exercise
from derive.exercise.nice_numbers import drawn
from derive.exercise.solvable import can_be_told_apart
from derive.instantiate import instantiate, number
from derive.latex.printer import real
from derive.network import Network

HEAD = "inputs: {x: 2}\nlayers:\n"
HIDDEN = "- {dense: 2, activation: tanh}\n"
NETWORKS = {
    "sigmoid": HEAD + "- {dense: 2, activation: sigmoid}\n- {dense: 2, activation: sigmoid}\nloss: half_squared_error\n",
    "relu": HEAD + "- {dense: 3, activation: relu}\n- dense: 1\nloss: huber\n",
    "labels": HEAD + HIDDEN + "- {dense: 3, activation: softmax}\nloss: cross_entropy_with_labels\n",
    "one-hot": HEAD + "- {dense: 3, activation: softmax}\nloss: cross_entropy\noptimiser: {adam: {learning_rate: 0.1}}\n",
    "logits": HEAD + "- dense: 3\nloss: cross_entropy_with_logits\n",
    "probability": HEAD + HIDDEN + "- {dense: 1, activation: sigmoid}\nloss: binary_cross_entropy\n"
                   "regularisation: {l2: 0.1}\n",
    "distribution": HEAD + "- {dense: 3, activation: softmax}\nloss: kullback_leibler\n",
    "margin": HEAD + HIDDEN + "- dense: 1\nloss: hinge\n",
    "counts": HEAD + HIDDEN + "- dense: 1\nloss: poisson_with_log_rates\ndata: {x: [[1, 2]], t: [[3]]}\n",
    "one class": HEAD + "- {dense: 1, activation: sigmoid}\nloss: mean_squared_error\ndata: {x: [[1, 2]], t: [[1]]}\n",
    "embedding": "inputs: {x: 1}\nlayers:\n- embedding: {vocabulary: 4, units: 2}\n- flatten: {}\n- dense: 1\n"
                 "loss: mean_squared_error\n",
    "recurrence": "inputs: {x: [3, 1]}\nlayers:\n- rnn: 2\n- dense: 1\nloss: mean_squared_error\n",
    "columns": "samples: columns\n" + HEAD + HIDDEN + "- {dense: 2, activation: softmax}\nloss: cross_entropy\n",
    "layer by layer": HEAD + HIDDEN + "- dense: 1\nloss: mean_squared_error\ntraining: {update_order: layer_by_layer}\n",
    "names": HEAD + "- {dense: 1, activation: tanh}\n- dense: 1\nloss: mean_squared_error\n"
             "names: {w1: \"W1[1,1]\", w2: \"W1[2,1]\", net_h: \"z1[1,1]\", out_h: \"a1[1,1]\"}\n",
}
seeds = st.integers(0, 10 ** 9)
names = st.sampled_from(list(NETWORKS))
made: dict[str, tuple] = {}


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as process:
        yield process


def sheet(name: str, runner: Runner, seed: int = 0, hard: bool = False, digits: int = 4) -> Sheet:
    if name not in made:
        of = network(NETWORKS[name])
        made[name] = of, of.derivation()
    return exercise(*made[name], Task(seed, hard, digits), runner)


@pytest.mark.parametrize("name", ["sigmoid", "relu", "distribution", "recurrence"])
def test_no_table_of_given_numbers_has_only_the_few_that_were_left_over(name, runner):
    given = parts(sheet(name, runner).latex)[0].split("What is given")[1].split(r"\section")[0]
    columns = [len(table) for table in re.findall(r"\\begin\{tabular\}\{(r+)\}", given)]
    assert sum(columns) > 5 and min(columns) > max(columns) / 4


def parts(latex: str) -> tuple[str, str]:
    """The questions, and the solution."""
    before, after = latex.split(r"\newpage")[-2:]
    return before.split(r"\begin{document}")[1], after


def numbers_in(latex: str) -> set[str]:
    return set(re.findall(r"(?<![\d.{])\d+\.\d+(?: \\cdot 10\^\{-?\d+\})?", latex))


def printed(value: float) -> str:
    return real(abs(value), 4)


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # not made shorter
@given(names, seeds, st.booleans())
def test_a_sheet_and_its_solution_agree(runner, name, seed, hard):
    found = sheet(name, runner, seed, hard)
    questions, solution = parts(found.latex)
    given = {real(abs(value)) for value in found.given} | {printed(value) for value in found.given}
    computed = {printed(answer) for answer in found.answers if not answer.is_integer()}
    there_is_a_gap_for_each_answer(questions, len(found.answers), hard)
    assert "gap" not in solution
    assert computed <= numbers_in(solution) | given  # what is asked is answered
    assert not (computed - given) & numbers_in(questions)  # and not before
    the_numbers_are_nice(made[name][0], runner, found)
    the_answers_are_those_of_the_equations(*made[name], runner, found)


def there_is_a_gap_for_each_answer(questions: str, answers: int, hard: bool) -> None:
    rows = questions.split(r"\section{The forward pass}")[1]
    assert rows.count(r"\gap{9}") == answers >= 10  # the smallest network here has that many
    assert rows.count(r"\gap{17}") == (answers if hard else 0)


def the_numbers_are_nice(of: Network, runner: Runner, found: Sheet) -> None:
    assert all(round(value, 2) == value and abs(value) < 10 for (name, _), value in runner.values.items()
               if name in (*of.inputs, *of.targets, *of.parameters))
    assert all(map(math.isfinite, found.answers))
    assert can_be_told_apart(found.answers, found.given, 4)
    assert len({printed(answer) for answer in found.answers}) > len(found.answers) / 4


def the_answers_are_those_of_the_equations(of, derivation, runner: Runner, found: Sheet) -> None:
    """The module computes them; here the network's own equations are evaluated entry by entry."""
    known = {key: value for key, value in runner.values.items()
             if key[0] in (*of.inputs, *of.targets, *of.parameters, *of.constants)}
    labels = {each: {0: _nested(runner.trace[each][0])} for each in (*of.inputs, *of.targets)
              if of.system.quantities[each].integer}
    for equation in instantiate(derivation.system, of.sizes, 1, labels=labels).equations:
        key = (equation.name, tuple(map(int, equation.target.indices)))
        known[key] = number(equation.body, known)
        assert math.isclose(known[key], runner.values[key], rel_tol=1e-9, abs_tol=1e-12)
    assert runner.values[of.loss, ()] in found.answers


def _nested(value):
    return dict(enumerate(map(_nested, value))) if isinstance(value, list) else value


@settings(max_examples=100, deadline=None)
@given(names, seeds, st.booleans())
def test_data_stays_of_the_kind_that_the_loss_needs(name, seed, soft):
    of = network(NETWORKS[name])
    new = drawn(of, np.random.default_rng(seed), soft)
    t = new.data[of.target]
    kinds = {"distribution": lambda: np.allclose(t.sum(), 1) and (t >= 0).all() and (not soft or (t > 0).all()),
             "probability": lambda: np.isin(t, (0, 1)).all(), "margin": lambda: np.isin(t, (-1, 1)).all(),
             "values": lambda: {"counts": (t == t.round()).all() and (t >= 0).all(),
                                "one class": np.isin(t, (0, 1)).all()}.get(name, True)}
    if of.system.quantities[of.target].integer:
        assert t.dtype.kind == "i" and (t >= 0).all() and (t < 3).all()
    else:
        assert kinds["distribution" if of.kind == "logits" else of.kind]()
    for parameter in of.parameters:
        values = np.abs(np.array(new.initial[parameter].values))
        assert ((values >= 0.1) & (values <= 0.95)).all()
    if name == "embedding":
        assert new.data["x"].dtype.kind == "i" and (new.data["x"] < 4).all()


@settings(max_examples=4, deadline=None)
@given(st.lists(seeds, min_size=2, max_size=2, unique=True))
def test_each_student_has_a_sheet_of_their_own_and_a_seed_always_the_same(runner, seeds):
    one, other, again = (sheet("sigmoid", runner, seed) for seed in (*seeds, seeds[0]))
    assert one == again
    assert one.given != other.given


def test_a_hidden_unit_without_a_gradient_is_not_asked_for(runner):
    for seed in range(3):
        sheet("relu", runner, seed)
        gradients = [value for (name, _), value in runner.values.items() if name in ("dJ_dW1", "dJ_dW2")]
        assert min(map(abs, gradients)) > 1e-3


def test_with_one_weight_only_its_gradient_is_asked_for(runner):
    of = network(NETWORKS["sigmoid"])
    found = exercise(of, of.derivation(), Task(1, False, 4, "W2", (0, 0)), runner)
    questions, _ = parts(found.latex)
    assert questions.count(r"\paragraph") == 1 and r"\paragraph{$W^{(2)}_{11}$.}" in questions


def test_the_entries_are_named_where_the_document_has_names(runner):
    questions, _ = parts(sheet("names", runner, hard=True).latex)
    assert r"$\bigl(z^{(1)}_{nj}\bigr) = \begin{pmatrix} \mathit{net}_{h} \end{pmatrix}$" in questions
    assert r"\bigl(W^{(1)}_{kj}\bigr) = \begin{pmatrix} w_{1} \\ w_{2} \end{pmatrix}" in questions


@needs_tex
@pytest.mark.parametrize("name, hard", [("sigmoid", False), *((name, True) for name in NETWORKS)])
def test_the_sheet_compiles_and_nothing_leaves_the_page(runner, name, hard, tmp_path):
    assert overfull(compiled(sheet(name, runner, 3, hard).latex, tmp_path)) == []


@pytest.mark.parametrize(("layers", "message"), [
    ("- {dense: 30, activation: tanh}\n- dense: 2\n", "152 parameters, and a sheet has room for 40"),
    ("- {activation: tanh}\n" * 40, "numbers to compute in its forward pass, and a sheet has room for 60"),
    (HIDDEN + "- dropout: 0.5\n- dense: 1\n", "leave dropout out"),
    (HIDDEN + "- batch_norm: {}\n- dense: 1\n", "no numbers were found"),
])
def test_a_network_of_which_no_sheet_can_be_made_is_an_error(runner, layers, message):
    of: Network = network(HEAD + layers + "loss: mean_squared_error\n")
    with pytest.raises(Unsuitable, match=message):
        exercise(of, of.derivation(), Task(0, False, 4), runner)


def test_the_command_prints_the_sheet_and_writes_nothing(derive_command, tmp_path):
    (tmp_path / "net.yaml").write_text("name: net\n" + NETWORKS["sigmoid"], encoding="utf-8")
    run, again, other = (derive_command("net.yaml", "--exercise", "--seed", seed) for seed in "778")
    assert run.returncode == 0 and run.stdout == again.stdout != other.stdout
    assert run.stdout.startswith(r"\documentclass") and r"Sheet 7" in run.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["net.yaml"]


@pytest.mark.parametrize(("options", "message"), [
    (("--seed", "1"), "options of --exercise"), (("--hard",), "options of --exercise"),
    (("--exercise", "--json", "--form", "index"), "leave out --json and --form"),
    (("--exercise", "--html", "page.html"), "leave out --html"), (("--exercise", "--out", "there"), "leave out --out"),
    (("--exercise", "--wrt", "W9"), "no derivative by W9"), (("--exercise", "--seed", "-1"), "no whole number from 0"),
])
def test_options_that_do_not_fit_an_exercise_are_wrong_usage(derive_command, tmp_path, options, message):
    (tmp_path / "net.yaml").write_text("name: net\n" + NETWORKS["sigmoid"], encoding="utf-8")
    run = derive_command("net.yaml", *options)
    assert run.returncode == 2 and message in run.stderr

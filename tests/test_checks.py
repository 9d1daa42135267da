"""What the report says of the numbers that a file expects."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from derive.checks.agreement import Check, compare
from derive.checks.asked import Take, Wanted
from derive.checks.concerns import concerns, dependants
from derive.file.errors import Place
from derive.file.models import Expectation
from derive.file.numbers import Number
from derive.language.expressions import Access

ROOT = Path(__file__).resolve().parent.parent
WORKED = ROOT / "examples" / "worked_example.yaml"
TAKE = Take("entry", "q")


def compared(printed: str, computed: float, **more: object):
    said = Expectation(quantity="q", value=Number(printed), **more)
    wanted = Wanted(Access("value"), {"value": TAKE})
    return compare(Check(said, Place("file.yaml", 1, 1, ""), wanted, None, None), {TAKE: computed})


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    text = WORKED.read_text(encoding="utf-8")
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path = folder / "changed.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("printed, computed, verdict, note", [
    ("0.27481", 0.2748111, "agrees", ""),
    ("0.27481", 0.2748148, "agrees", ""),
    ("0.27481", 0.2748172, "agrees", "truncated"),
    ("-0.27481", -0.2748172, "agrees", "truncated"),
    ("0.27481", 0.2748028, "agrees", "last digit ± 1"),
    ("-0.019049119", -0.0190491182583, "agrees", "last digit ± 1"),
    ("0.27481", 0.2748, "agrees", "last digit ± 1"),
    ("0.27481", 0.27479, "disagrees", ""),
    ("0.40", 0.4, "agrees", ""),
    ("0.4", 0.4, "agrees", "weak"),
    ("1e3", 1900.0, "agrees", "weak"),
    ("0", 0.5, "agrees", "weak"),
    ("12", 12.9, "agrees", "truncated"),
])
def test_how_a_number_agrees_is_noted(printed, computed, verdict, note):
    result = compared(printed, computed)
    assert (result.verdict, result.note) == (verdict, note)


def test_a_weak_expectation_says_what_else_would_agree():
    assert compared("1e3", 1000.0).check.weak == "anything from 0 to 2000 agrees; if it is exact, write 1.00e3"
    wide = compared("0.25", 0.3, tolerance=Number("0.5"), because="a wide tolerance")
    assert wide.note == "weak" and wide.check.weak == "anything from -0.25 to 0.75 agrees"


@pytest.mark.parametrize("printed, computed, digits", [
    ("0.3775", 0.3775, 4), ("0.40", 0.4, 2), ("0.0120", 0.012, 3), ("1e3", 1000.0, 1), ("0.593269992", 0.593269992107, 9)])
def test_no_more_digits_agree_than_are_printed(printed, computed, digits):
    assert compared(printed, computed).digits == digits


def test_a_quantity_compared_with_itself_is_weak(derive_command, tmp_path):
    path = changed(tmp_path, ("expect:\n", "expect:\n  - {quantity: net_h1, value: net_h1}\n"
                              "  - {quantity: dw1/dw1, value: 1.000}\n  - {quantity: net_h1, value: i1*w1 + i2*w2 + b1}\n"))
    told = json.loads(derive_command(path, "--json", "-q").stdout)
    assert [check["weak"] for check in told["checks"][:3]] == [
        "it is compared with itself", "it is a constant, whatever the network computes", None]


def test_a_weak_agreement_is_visible_with_its_reason(derive_command, tmp_path):
    done = derive_command(WORKED)
    assert re.search(r"dnet_h1/dw1 .* agrees, weak", done.stderr)
    assert "dnet_h1/dw1 = 0.05 shows little: anything from 0.04 to 0.06 agrees" in done.stderr
    assert re.search(r"dE_o2/dout_h1 .* agrees, last digit ± 1", done.stderr)


def test_disagreements_show_the_factors_of_the_chain_rule_with_their_numbers(derive_command, tmp_path):
    done = derive_command(changed(tmp_path, ("w5 after 1, value: 0.35891648", "w5 after 1, value: 0.35991648"),
                                  ("dE_o1/dout_h1, value: 0.055399425", "dE_o1/dout_h1, value: 0.055499425")))
    assert done.returncode == 4
    for line in (  # of the gradient that the weight was updated by, and of something else than the loss by its own names
            "    dE/dw5 = out_h1*dE/dnet_o1 = 0.593269992107*0.138498561629 = 0.0821670405642",
            "    dE/dnet_o1 = out_o1*dE/dout_o1*(1 - out_o1) = 0.751365069552*0.741365069552*(1 - 0.751365069552)"
            " = 0.138498561629",
            "    dE/dout_o1 = -target_o1 + out_o1 = -0.01 + 0.751365069552 = 0.741365069552",
            "    dE_o1/dout_h1 = w5*dE_o1/dnet_o1 + w7*dE_o1/dnet_o2 = 0.4*0.138498561629 + 0.5*0 = "):
        assert line in done.stderr


def test_long_sums_are_not_written_out(derive_command, tmp_path):
    (tmp_path / "wide.yaml").write_text("inputs: 50\nlayers: [{dense: 1}]\nloss: mean_squared_error\n"
                                        'expect: [{quantity: "z1[1,1]", value: 99.5}]\n')
    done = derive_command("wide.yaml")
    assert done.returncode == 4 and "z1[n,j] = " in done.stderr and "\n    " not in done.stderr.split("wide.yaml")[1]


def test_the_algorithm_that_gives_a_printed_number_is_found_by_computing(derive_command, tmp_path):
    path = changed(tmp_path, ("value: 0.291027774\n    printed: 0.291027924", "value: 0.291027924"),
                   ("value: 0.0000351019\n    printed: 0.0000351085", "value: 0.0000351085"),
                   ("value: 0.015913620\n    printed: 0.015912196", "value: 0.015912196"))
    done = derive_command(path, "--json")
    assert done.returncode == 4
    assert "the expected number is found with update_order: layer_by_layer" in done.stderr
    assert "the expected number is found one update earlier: 3.51085" in done.stderr
    found = [(off["quantity"], off["elsewhere"]["update_order"], off["elsewhere"]["updates_later"])
             for off in json.loads(done.stdout)["checks"] if off["verdict"] == "disagrees"]
    assert found == [("E after 1", "layer_by_layer", 0), ("E after 10000", "simultaneous", -1),
                     ("out_o1 after 10000", "layer_by_layer", 0)]


def test_a_number_that_nothing_gives_is_not_explained_away(derive_command, tmp_path):
    path = changed(tmp_path, ("{quantity: E, value: 0.298371109,", "{quantity: E, value: 0.398371109,"))
    [off] = [check for check in json.loads(derive_command(path, "--json", "-q").stdout)["checks"]
             if check["verdict"] == "disagrees"]
    assert off["elsewhere"] is None
    assert off["factors"] == ["E = E_o1 + E_o2 = 0.274811083176 + 0.0235600255838 = 0.29837110876"]


def by_hand(folder: Path, expect: str, loss: str = "half_squared_error", samples: int = 1) -> Path:
    """The 2-2-1 network of Robert Gordon University's "The Back Propagation Algorithm", whose numbers are rounded."""
    path = folder / "by_hand.yaml"
    path.write_text(f"""inputs: {{x: 2}}
target: t
layers: [{{dense: 2, activation: sigmoid, bias: false}}, {{dense: 1, activation: sigmoid, bias: false}}]
loss: {loss}
optimiser: {{gradient_descent: {{learning_rate: 1}}}}
parameters: {{W1: [[0.1, 0.4], [0.8, 0.6]], W2: [[0.3], [0.9]]}}
names: {{net: "z2[1,1]", out_1: "a1[1,1]", out_2: "a1[1,2]", out: "a2[1,1]", w1: "W2[1,1]"}}
data: {{x: {[[0.35, 0.9]] * samples}, t: {[[0.5]] * samples}}}
expect: [{expect}]
""", encoding="utf-8")
    return path


def explanations(derive_command, path: Path) -> dict[str, str | None]:
    told = json.loads(derive_command(path, "--json", "-q").stdout)
    return {check["quantity"]: check["explanation"] for check in told["checks"] if check["verdict"] == "disagrees"}


def test_numbers_that_follow_from_the_document_s_rounded_ones_are_said_to(derive_command, tmp_path):
    path = by_hand(tmp_path, "{quantity: out_1, value: 0.68}, {quantity: out_2, value: 0.6637}, "
                             "{quantity: net, value: 0.80133}, {quantity: -dJ/dnet, value: -0.0406}, "
                             "{quantity: w1 after 1, value: 0.272392}, {quantity: w1 after 1 - w1, value: -0.027608}")
    follows = "the expected number follows from other numbers of the document, "
    assert explanations(derive_command, path) == {
        "net": follows + "out_1 = 0.68, out_2 = 0.6637: 0.80133",
        "w1 after 1": follows + "out_1 = 0.68, dJ/dnet = 0.0406: 0.272392",
        "w1 after 1 - w1": follows + "w1 after 1 = 0.272392: -0.027608"}


def test_of_wrong_numbers_only_those_are_explained_that_follow_from_others(derive_command, tmp_path):
    path = by_hand(tmp_path, "{quantity: net, value: 0.90144}, {quantity: out, value: 0.711245}")
    assert explanations(derive_command, path) == {
        "net": None, "out": "the expected number follows from other numbers of the document, net = 0.90144: 0.711245333153"}


def test_the_first_number_that_nothing_explains_is_named(derive_command, tmp_path):
    done = derive_command(by_hand(tmp_path, "{quantity: net, value: 0.90144}, {quantity: out, value: 0.711245}"))
    assert "1 of the 2 numbers that disagree are explained, and net (line 9) is the first that is not" in done.stderr


def test_an_error_with_the_other_sign_is_recognised(derive_command, tmp_path):
    path = by_hand(tmp_path, "{quantity: dJ/dnet, value: -0.04068}, {quantity: w1 after 1, value: 0.327674}")
    assert explanations(derive_command, path) == {
        "dJ/dnet": "the expected number is the computed one with the other sign",
        "w1 after 1": "the change by the update that is expected is the computed one with the other sign"}


@pytest.mark.parametrize("loss, samples, factor", [
    ("half_squared_error", 1, "2 times the computed one, as of a loss without its factor 1/2"),
    ("mean_squared_error", 1, "0.5 times the computed one, as of a loss with a factor 1/2"),
    ("half_squared_error", 3, "3 times the computed one, as of a loss that is added up where this one is a mean over 3"),
])
def test_a_loss_with_another_factor_is_recognised(derive_command, tmp_path, loss, samples, factor):
    computed = 0.0362082
    expected = {"2": computed, "0": computed / 2, "3": 3 * computed / 2}[factor[0]]
    path = by_hand(tmp_path, f"{{quantity: J, value: {expected:.6f}}}", loss, samples)
    assert explanations(derive_command, path) == {"J": f"the expected number is {factor}"}


def test_a_number_before_the_loss_has_no_factor_of_it(derive_command, tmp_path):
    path = by_hand(tmp_path, "{quantity: net, value: 1.6029}")
    assert explanations(derive_command, path) == {"net": "the expected number is 2 times the computed one"}


def test_a_size_without_its_sign_is_no_number_of_the_document(derive_command, tmp_path):
    """From |∂J/∂net| = 0.0413 nothing follows about the sign of ∂J/∂net."""
    path = by_hand(tmp_path, "{quantity: abs(-dJ/dnet), value: 0.0413}, {quantity: w1 after 1, value: 0.271910}")
    assert explanations(derive_command, path) == {"abs(-dJ/dnet)": None, "w1 after 1": None}


def test_a_factor_that_was_told_is_not_told_again(derive_command, tmp_path):
    done = derive_command(by_hand(tmp_path, '{quantity: "dJ/dW2[1,1]", value: 0.0377}, '
                                            '{quantity: "dJ/dW2[2,1]", value: 0.0377}'))
    assert done.stderr.count("    dJ/dnet = ") == 1 and done.stderr.count("    dJ/dW2[2,1] = ") == 1


def test_wrt_restricts_the_report_to_what_depends_on_the_weight(derive_command):
    done = derive_command(WORKED, "--wrt", "w5", "--json")
    told = json.loads(done.stdout)
    quantities = {check["quantity"] for check in told["checks"]}
    assert {"net_o1", "dE/dout_o1", "dout_o1/dnet_o1", "dnet_o1/dw5", "dE/dw5", "w5 after 1", "E after 1"} <= quantities
    assert quantities.isdisjoint({"net_h1", "out_o2", "w6 after 1", "dE/dw1", "dnet_o1/dout_h1"})
    assert told["others"] == {"agrees": 19, "document is off": 1} and sum(told["others"].values()) + len(quantities) == 34
    assert "the other 20 numbers of the file do not concern w5: 19 agree, 1 where the document is off" in done.stderr


def test_a_number_that_does_not_concern_the_weight_still_fails_the_run(derive_command, tmp_path):
    done = derive_command(changed(tmp_path, ("dE/dw1, value: 0.000438568", "dE/dw1, value: 0.000439568")), "--wrt", "w5")
    assert done.returncode == 4 and "18 agree, 1 disagree" in done.stderr and "dE/dw1" not in done.stderr


def test_dependants_follow_indices_exactly_and_whole_axes_where_they_are_mixed():
    import derive

    network = derive.load(WORKED)
    reached = dependants(network.system, "W2", (0, 1))
    assert reached["z2"] == {(None, 1)} and reached["E"] == {()} and "z1" not in reached
    wanted = Wanted(Access("value"), {}, about=((("z2", (0, 0)),),))
    assert not concerns(wanted, reached)
    assert concerns(Wanted(Access("value"), {}), reached)


def test_every_key_of_the_json_is_documented(derive_command, tmp_path):
    path = changed(tmp_path, ("value: 0.291027774\n    printed: 0.291027924", "value: 0.291027924"))
    told = json.loads(derive_command(path, "--json", "-q").stdout)
    documented = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "json.md").read_text(encoding="utf-8")))
    keys = set(told) | set(told["taylor"]) | set(told["equations"][0])
    for check in told["checks"]:
        keys |= set(check) | set(check["elsewhere"] or ())
    assert keys <= documented


def on_terminal(arguments: list[str], folder: Path, columns: int, **environment: str) -> str:
    """What a command writes to standard error, which is a terminal."""
    outer, inner = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": str(columns), **environment}
    process = subprocess.Popen([sys.executable, "-m", "derive", *arguments], cwd=folder, env=env,
                               stdout=subprocess.DEVNULL, stderr=inner)
    os.close(inner)
    written = b""
    try:
        while part := os.read(outer, 65536):
            written += part
    except OSError:  # the other end is closed
        pass
    process.wait(timeout=300)
    os.close(outer)
    return written.decode()


def test_long_work_shows_progress_on_a_terminal_and_wipes_it_out(tmp_path):
    path = changed(tmp_path, ("quantity: E after 9999\n    value: 0.0000351085",
                              "quantity: E after 150000\n    at_least: 0"))
    written = on_terminal([str(path)], tmp_path, 80)
    assert re.search(r"\r\x1b\[2Kupdate \d+ of 150000 … \d+ s", written)
    assert written.rindex("\r\x1b[2K") < written.index("quantity")
    assert on_terminal([str(WORKED), "-q"], tmp_path, 80) == ""


@pytest.mark.parametrize("columns", [80, 140])
def test_the_table_fits_the_terminal_and_respects_no_color(tmp_path, columns):
    written = on_terminal([str(WORKED)], tmp_path, columns, NO_COLOR="1")
    assert not re.search(r"\x1b\[[\d;]*3\dm", written)
    shown = re.sub(r"\x1b\[[\d;]*m", "", written.rpartition("\r\x1b[2K")[2])
    assert all(len(line) <= columns for line in shown.replace("\r", "").splitlines())
    assert ("equation" in shown.splitlines()[1]) == (columns == 140)
    assert "dE_o2/dout_h1" in shown and "-0.0190491182583" in shown


def test_training_is_always_on_the_file_s_data_and_a_number_is_taken_on_the_set_that_is_named(derive_command, tmp_path):
    path = tmp_path / "line.yaml"
    path.write_text("""
inputs: {x: 1}
layers: [{dense: 1, bias: false}]
loss: half_squared_error
optimiser: {gradient_descent: {learning_rate: 0.1}}
parameters: {W1: [[0]]}
data: {x: [[1], [2]], t: [[1], [1]]}
test: {x: [[3]], t: [[0]]}
training: {epochs: 5, batch_size: 1, shuffle: false}
expect:
  - {quantity: W1 after 1, value: 0.1}
  - {quantity: W1 after 1 epoch, value: 0.26}
  - {quantity: W1 after 1 epoch on test, value: 0.26}
  - {quantity: W1 after 1 full-batch update, value: 0.15}
  - {quantity: J after 1 epoch on test, value: 0.3042}
  - {quantity: J after 1 epoch, value: 0.1945}
""", encoding="utf-8")
    done = derive_command(path)
    assert done.returncode == 0, done.stderr

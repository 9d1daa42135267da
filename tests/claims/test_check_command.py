"""`derive check`: what is printed about a working, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lines import EXAMPLES, NETWORK, read

import derive
from derive import command_line
from derive.claims.claim import Claim
from derive.claims.reading import read_claims
from derive.claims.reading.file import MOST_CLAIMS, read_file
from derive.file.errors import DeriveError, FileError

NETWORK_FILE = EXAMPLES / "worked_example.yaml"

RIGHT = """\
- net_h1 = w1*i1 + w2*i2 + b1 = 0.3775
- out_h1 = σ(net_h1) = 0.593269992
- '\\frac{\\partial E}{\\partial w_5} = \\frac{\\partial E}{\\partial net_{o1}} \\, out_{h1} = 0.082167041'
- w5 after 1 = w5 − η·dE/dw5 = 0.35891648
"""
WRONG = """\
network: {network}
claims:
  - out_h1 = 0.593269992
  - dE/dout_o1 = out_o1 - target_o1
  - {{claim: dE/dw5 = dE/dout_o1 * dnet_o1/dw5, where: page 3}}
  - dE/dw5 = 0.43982965
  - w6 after 1 = 0.408666186
"""


@pytest.fixture
def checked(capsys, tmp_path: Path, monkeypatch):
    """Runs the command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> CompletedProcess[str]:
        code = command_line.derive(["check", *map(str, arguments)])
        return CompletedProcess(arguments, code, *capsys.readouterr())

    return run


@pytest.fixture
def working(tmp_path: Path) -> Path:
    path = tmp_path / "working.yaml"
    path.write_text(WRONG.format(network=NETWORK_FILE), encoding="utf-8")
    return path


def test_a_right_working_is_proved_line_by_line(checked, tmp_path):
    (tmp_path / "right.yaml").write_text(RIGHT, encoding="utf-8")
    done = checked("right.yaml", "--network", NETWORK_FILE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == "" and "\x1b" not in done.stdout
    *lines, _, conclusion = done.stdout.splitlines()
    assert len(lines) == 8 and all("proved" in line for line in lines)
    assert conclusion == "Every line is right."
    assert not (tmp_path / "generated").exists()


def test_the_first_wrong_line_is_named_and_a_later_one_is_not_blamed(checked, working):
    done = checked(working)
    assert done.returncode == 4, done.stderr
    status = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines() if line[:2].strip().isdigit()}
    assert status == {"3": "proved", "4": "proved", "5": "refuted", "6": "follows", "7": "proved"}
    assert "it is what follows from line 5" in done.stdout and "0.0821670" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("The first wrong line is line 5 (page 3): dE/dw5 = dE/dout_o1 * dnet_o1/dw5.")


def test_quiet_leaves_out_what_is_right(checked, working):
    done = checked(working, "-q")
    assert done.returncode == 4 and "proved" not in done.stdout and done.stdout.startswith("5  refuted")


def test_json_has_every_claim(checked, working):
    told = json.loads(checked(working, "--json").stdout)
    assert told["passed"] is False and told["first_wrong"] == 2
    assert [claim["status"] for claim in told["claims"]] == ["proved", "proved", "refuted", "follows", "proved"]
    wrong = told["claims"][2]
    assert (wrong["line"], wrong["where"]) == (5, "page 3") and wrong["right"] == "dE/dout_o1*dnet_o1/dw5"
    assert told["claims"][3]["built_on"] == [2] and told["claims"][3]["number"] == "0.43982965"


def test_the_line_is_named_where_one_entry_of_an_array_is_wrong(checked, tmp_path):
    lines = ("dE/da2 = a2 - t", "dE/da2[j] = a2[j] - t[j]", "dE/dz2[n,j] = (a2[n,j] - t[n,j]) / m")
    (tmp_path / "c.yaml").write_text("".join(f"- {line}\n" for line in lines))
    done = checked("c.yaml", "--network", NETWORK_FILE)
    assert done.returncode == 4 and "The first wrong line is line 3" in done.stdout and "with " in done.stdout
    assert done.stdout.count("it holds for one sample") == 1


@pytest.mark.parametrize(("text", "place", "message"), [
    ("- net_h1 = 0.3775\n- w5 = 2w6\n", "c.yaml:2:9", "a product needs its sign"),
    ("- net_h1 = 0.3775\n- '\\frac{w_5} = 1'\n", "c.yaml:2:15", "cannot be read"),
    ("network: {n}\nclaims:\n  - {{claim: E = 0.3, were: page 3}}\n", "c.yaml:3:22", "there is no key 'were'"),
    ("layers: [3]\nnetwork: {n}\n", "c.yaml:1:1", "a network is read by: python -m derive network.yaml"),
    ("network: {n}\nclaims: 3\n", "c.yaml:2:9", "a list is expected"),
    ("network: {n}\nclaims: []\n", "c.yaml:2:9", "at least 1"),
    ("network: {n}\nclaims:\n  - \n", "c.yaml:3:4", "this line is empty"),
    ("network: {n}\nclaims:\n  - where: page 3\n", "c.yaml:3:5", "has no claim"),
    ("claims: [E = 1]\n", "c.yaml:1:1", "nothing says which network"),
    ("network: missing.yaml\nclaims: [E = 1]\n", "missing.yaml:1:1", "there is no file"),
    ("3\n", "c.yaml:1:1", "list"),
    ("", "c.yaml:1:1", "empty"),
    ("network: {n}\nclaims: [\"\\frac{{1}}{{2}} = w5\"]\n", "c.yaml:2:11", "control character"),
    ("network: {n}\nclaims: [\"\\partial = w5\"]\n", "c.yaml:2:12", "backslash"),
])
def test_a_file_that_is_not_valid_is_an_error_at_its_place(tmp_path, text, place, message):
    path = tmp_path / "c.yaml"
    path.write_text(text.format(n=NETWORK_FILE) if "{n}" in text else text, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        claims_of(path, None if "network" in text or "claims" in text else NETWORK_FILE)
    said = str(caught.value).removeprefix(f"{tmp_path}/")
    assert said.startswith(f"{place}: ") and message in said and "help: " in said


def claims_of(path: Path, network: Path | None = None) -> list[Claim]:
    """What the command reads from a file of claims."""
    working = read_file(path, network)
    loaded = NETWORK if working.network == NETWORK_FILE else derive.load(working.network)
    return read_claims(working.lines, loaded, working.names)


def test_an_invalid_file_is_told_by_the_exit_code(checked, tmp_path):
    (tmp_path / "c.yaml").write_text(f"network: {NETWORK_FILE}\nclaims: [w5 = 2w6]\n")
    done = checked("c.yaml")
    assert done.returncode == 3 and done.stdout == ""
    assert done.stderr == ("c.yaml:2:16: a product needs its sign\n  claims: [w5 = 2w6]\n                 ^\n"
                           "help: write 2*x, not 2x\n")


NAMED = """\
network: {n}
names: {{delta_o1: dE/dnet_o1, delta2: dJ/dz2, delta1: "sum(k, delta2[n,k]*W2[j,k])*a1[n,j]*(1 - a1[n,j])"}}
claims:
  - delta_o1 = -(target_o1 - out_o1)*out_o1*(1 - out_o1) = 0.138498562
  - '\\frac{{\\partial E}}{{\\partial w_5}} = \\delta_{{o1}} \\, out_{{h1}}'
  - '\\frac{{\\partial E}}{{\\partial W^{{(2)}}_{{kj}}}} = \\sum_{{n=1}}^m a^{{(1)}}_{{nk}} \\delta^{{(2)}}_{{nj}}'
  - dE/dz1 = delta1
  - dE/dw5 after 1 = delta_o1*out_h1
"""


def test_a_working_may_have_names_of_its_own(checked, tmp_path):
    (tmp_path / "c.yaml").write_text(NAMED.format(n=NETWORK_FILE))
    done = checked("c.yaml")
    assert done.returncode == 0 and done.stdout.count("proved") == 6, done.stdout + done.stderr


@pytest.mark.parametrize(("names", "place", "message"), [
    ("{w5: dE/dw5}", "2:13", "a quantity 'w5' already"), ("{d_9: dE/dw9}", "2:18", "no 'w9'"),
    ("{d_9: w5 = w6}", "2:19", "one side"), ("{2d: w5}", "2:9", "is no name"), ("[w5]", "2:8", "mapping"),
])
def test_a_name_of_the_working_is_checked(tmp_path, names, place, message):
    path = tmp_path / "c.yaml"
    path.write_text(f"network: {NETWORK_FILE}\nnames: {names}\nclaims: [E = 1]\n")
    with pytest.raises(FileError) as caught:
        claims_of(path)
    assert str(caught.value).startswith(f"{path}:{place}") and message in caught.value.message


def test_wrong_usage_is_told_apart(derive_command):
    assert derive_command("check").returncode == 2
    assert derive_command("check", "a.yaml", "--form", "index").returncode == 2


def test_the_help_loads_nothing_heavy_and_each_command_names_the_other(derive_command, tmp_path):
    for name in ("sympy", "pydantic", "ruamel", "rich", "lark"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('it was asked for')\n")
    path = f"{tmp_path}:{EXAMPLES.parent}"
    assert "derive check" in derive_command("--help", PYTHONPATH=path).stdout
    done = derive_command("check", "--help", PYTHONPATH=path)
    assert done.returncode == 0 and "Exit codes" in done.stdout


@pytest.mark.parametrize("text", [
    "[" * 70, "a: &a [x]\nb: &b [*a, *a]\n" * 2, "- &a [*a]\n", "- !!python/object/apply:os.system [x]\n",
    "- E = 1\n---\n- E = 2\n", "- " + "(" * 300 + " = 1\n", "\0", "- E = 1\n" * (MOST_CLAIMS + 1),
    "- {latex: a, claim: b}\n", "- " + "x" * 5000 + " = 1\n",
    "network: [a]\nclaims: [E = 1]\n", "network: \"a\\nb\"\nclaims: [E = 1]\n", "- {claim: [1]}\n", "- {where: {a: b}}\n",
])
def test_hostile_files_are_errors_at_a_place(tmp_path, text):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(FileError) as caught:
        for line in read_file(path, NETWORK_FILE).lines:
            read(line.text, latex=line.latex)
    assert caught.value.place is not None


PIECES = (
    "network: ", "claims:", "\n", "  - ", "- ", "E = 1", "{claim: ", "latex: ", "where: ", "}", "[", "]", ", ", "'", '"',
    "&a ", "*a ", "\\frac{a}{b}", "!!x ", "<<: ", "|\n", ">\n", "null", "true", "3", "\t", "\0", "---\n", "? ", ": ", "#",
)


@settings(max_examples=150, deadline=None, database=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join))
def test_any_text_is_a_file_of_claims_or_an_error_at_a_place(tmp_path, text):
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        working = read_file(path, NETWORK_FILE)
    except DeriveError as error:
        assert error.place is not None
    else:
        assert working.lines

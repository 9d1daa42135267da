"""The page is one file that needs no other, says nothing that its file did not say, and is linked in itself."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from html import unescape

import pytest
from pages import TEXTS, made, page_of, run, run_of

from derive.html.code import code

NORM = """
inputs: {x: 2}
layers:
- {dense: 3, activation: tanh}
- batch_norm: {}
- dropout: 0.5
- {dense: 2, activation: softmax}
loss: cross_entropy
"""
SECOND_ORDER = "{inputs: 2, layers: [{dense: 1, activation: tanh}], loss: mean_squared_error, second_order: true}"
DEEP = """
inputs: {{x: 8}}
layers:
{layers}- dense: 1
loss: mean_squared_error
training: {{epochs: 1000}}
"""
COLUMNS = """
inputs: {x: 2}
layers: [{dense: 2, activation: tanh}, {dense: 2, activation: softmax}]
loss: cross_entropy
data: {x: [[0, 1], [1, 0]], t: [[0, 1], [1, 0]]}
samples: columns
training: {epochs: 3}
"""
pages = pytest.mark.parametrize("name", TEXTS)


@pages
def test_nothing_is_loaded_from_elsewhere(name):
    html = made(name).html
    assert "default-src &#39;none&#39;" in html
    assert not re.search(r"""<[^>]*\b(?:src|href|action)\s*=\s*["']?[^#"]|url\(|@import""", html)
    assert "http://" not in html and "https://" not in html and "unsafe" not in html


@pages
def test_every_link_leads_somewhere_and_every_name_is_given_once(name):
    html = made(name).html
    ids = re.findall(r'\sid="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]*)"', html)) <= set(ids)


@pages
def test_equations_and_code_are_linked_both_ways(name):
    page = made(name)
    for equation in page.derivation.system.equations:
        assert f'id="eq-{equation.number}"' in page.html, equation
        assert f'href="#eq-{equation.number}"' in page.html
        assert f'id="line-{equation.number}"' in page.html and f'href="#line-{equation.number}"' in page.html


@pages
def test_the_file_is_small(name):
    assert len(made(name).html.encode()) < 1_000_000


def test_a_page_grows_with_the_depth_and_no_faster():
    """So that one of a hundred layers stays below 2 MB, whatever its training."""
    def size(layers: int) -> int:
        return len(page_of(run(DEEP.format(layers="".join(["- {dense: 4, activation: tanh}\n"] * layers)))).html.encode())

    assert size(12) - size(6) < 6 * 16_000


def test_the_whole_module_is_left_out_where_the_page_would_be_too_large(monkeypatch):
    assert "The whole module" in made("worked").html
    monkeypatch.setattr(sys.modules["derive.html.page"], "LARGEST", 1000)
    html = page_of(run(TEXTS["worked"])).html
    assert "The whole module" not in html
    assert set(re.findall(r'href="#([^"]*)"', html)) <= set(re.findall(r'\sid="([^"]*)"', html))


def test_equal_networks_give_equal_pages():
    assert page_of(run_of(TEXTS["worked"])).html == made("worked").html


def test_what_the_file_says_is_text_and_never_markup():
    html = made("hostile").html
    assert "alert(1)</script>" not in html and "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<img" not in html and "<svg onload" not in html and "${7*7}{{ 7*7 }}" in html
    assert "\u4e2d \u00fc" in html and html.count("</style>") == 1
    assert html.count("<script") == 2 == html.count("</script>")


def test_layers_are_boxes_with_arrows_and_a_repeated_block_is_a_frame_with_its_name():
    html = made("blocks").html
    frames = re.findall(r'<g class="frame">.*?</g>', html, re.S)
    names = ["".join(ET.fromstring(math).itertext()) for math in re.findall(r"<math.*?</math>", "".join(frames))]
    assert len(frames) == 1 and names == ["pair\u00a0\u00d72"] and html.count('<polygon class="head"') == 8


def test_the_numbers_before_training_are_those_of_the_document():
    page = made("worked")
    data = _data(page.html)
    assert data["moments"][0] == 0 and data["moments"][-1] == 1000 and len(data["moments"]) < 60
    compared = 0
    for (name, place), value in page.values.items():
        series = data["series"].get(f"{name}[{','.join(map(str, place))}]")
        if series is not None:
            assert series[0] == pytest.approx(value, rel=1e-8)
            compared += 1
    assert compared > 40


def test_the_products_along_the_paths_add_up_to_the_derivative():
    page = made("worked")
    data = _data(page.html)
    for at in (0, -1):
        for key, element in data["parts"].items():
            if not element["chains"] or not key.startswith("e"):
                continue
            total = 0.0
            for chain in element["chains"]:
                product = 1.0
                for factor in chain:
                    product *= data["series"][factor][at]
                total += product
            weight = re.search(rf'<g class="[^"]*" data-key="{key}"[^>]*data-strength="([^"]*)"', page.html).group(1)
            gradient = data["series"][weight.replace("W", "dE_dW")][at]
            assert total == pytest.approx(gradient, rel=1e-6)


def test_a_weight_lights_up_its_path_and_no_other():
    page = made("worked")
    data = _data(page.html)
    keys = {name: key for key, name in re.findall(r'data-key="([^"]*)" aria-label="([^"]*)"', page.html)}
    assert {keys["w5"], keys["o1"], keys["h1"]} <= _lit(data, keys["w5"])
    assert not {keys["w7"], keys["o2"], keys["w6"]} & _lit(data, keys["w5"])
    assert {keys["w5"], keys["w7"]} <= _lit(data, keys["w1"])
    assert keys["w5"] in data["tokens"]["eq-10"] and keys["w1"] not in data["tokens"]["eq-10"]


@pytest.mark.parametrize(("text", "form", "wrt"), [
    (NORM, "auto", None), (SECOND_ORDER, "auto", None), (TEXTS["worked"], "scalar", None), (TEXTS["worked"], "matrix", None),
    (TEXTS["worked"], "auto", "w5"), (COLUMNS, "auto", None)])
def test_every_form_of_the_document_has_a_page(text, form, wrt):
    html = page_of(run(text), form, wrt).html
    ids = set(re.findall(r'\sid="([^"]*)"', html))
    assert set(re.findall(r'href="#([^"]*)"', html)) <= ids
    for formula in re.findall(r"<math.*?</math>", html, re.S):
        ET.fromstring(formula)
        assert "\\" not in formula


def test_code_keeps_its_text():
    module = 'def trace(a: int) -> str:\n    """A < B."""\n    b = f"<{a}>" if a else \'\'  # (1)  scalar\n    return b\n'
    lines = code(module, {"1"})
    assert "".join(unescape(line.html.striptags()) + "\n" for line in lines.whole).split() == module.split()
    assert [line.equation for line in lines.shown] == ["", "1"] and lines.equations == {"1"}


def _lit(data: dict, key: str) -> set[str]:
    """What lights up with a part: what its steps to the loss say, and they lead to."""
    lit, steps = set(data["parts"][key]["lights"]), list(data["parts"][key]["steps"])
    for step in steps:
        lights, following = data["steps"][step]
        lit |= set(lights)
        steps += [each for each in following if each not in steps]
    return lit


def _data(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="numbers">(.*?)</script>', html, re.S).group(1))

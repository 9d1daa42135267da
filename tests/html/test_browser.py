"""The page in a real browser: by pointer and by keyboard, in both themes, on a phone, printed, and without script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect  # noqa: E402

worked = pytest.mark.parametrize("name", ["worked"])
both = pytest.mark.parametrize("name", ["worked", "blocks"])
LIT = "[...document.querySelectorAll('.network .lit[aria-label]')].map(e => e.getAttribute('aria-label')).sort()"
WIDER = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest('.display, main p, main h3, .pair, .scroll, .code, .figure, #chosen, .skip'))
    .map(e => e.outerHTML.slice(0, 80))"""


def middle(page, weight):
    """A place on the line of a weight."""
    at = page.locator(f'.network [aria-label="{weight}"] .line').evaluate("""line => {
        const at = line.getPointAtLength(0.7 * line.getTotalLength()).matrixTransform(line.getScreenCTM());
        return [at.x, at.y]; }""")
    return at


@worked
def test_pointing_at_a_weight_lights_its_chain_in_picture_text_and_code(opened, name):
    page = opened(name)
    page.mouse.move(*middle(page, "w5"))
    assert page.evaluate(LIT) == ["E", "E_o1", "h1", "o1", "w5"]
    assert page.locator("main .chain.lit:has(math)").count() > 3
    assert page.locator("#line-10").evaluate("e => e.classList.contains('lit')")
    page.mouse.move(5, 5)
    assert page.evaluate(LIT) == []


@worked
def test_a_weight_is_reached_and_chosen_by_keyboard(opened, name):
    page = opened(name)
    first = page.locator(".network .part").first
    while not first.evaluate("e => e === document.activeElement"):
        page.keyboard.press("Tab")
    assert page.evaluate(LIT) and page.locator("#chosen").is_hidden()
    focused = "document.activeElement.getAttribute('aria-label')"
    before = page.evaluate(focused)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) not in (before, None)
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused) == before == "w1"
    page.keyboard.press("Enter")
    assert page.locator("#chosen h3").inner_text() == "w1" and first.get_attribute("aria-pressed") == "true"
    assert page.locator("#chosen .product").count() == 2
    page.keyboard.press("Escape")
    assert page.locator("#chosen").is_hidden()


@worked
def test_a_negative_factor_stands_in_brackets_where_a_sign_is_before_it(opened, name):
    page = opened(name)
    page.mouse.click(*middle(page, "w1"))
    page.evaluate("slider => { slider.value = slider.max; slider.dispatchEvent(new Event('input')); }",
                  page.query_selector("#moment"))
    numbers = page.locator("#chosen .product [data-v]").all_inner_texts()
    assert any(number.startswith("(\u2212") for number in numbers)
    assert {number[0] for number in numbers[1:5]} <= set("0123456789(")


@worked
def test_the_chosen_weight_shows_its_factors_with_their_numbers(opened, name):
    page = opened(name)
    page.mouse.click(*middle(page, "w5"))
    shown = page.locator("#chosen").inner_text()
    for number in ("0.7414", "0.1868", "0.5933", "0.08217", "0.4"):
        assert number in shown
    page.locator("#moment").focus()
    page.keyboard.press("End")
    assert "0.7414" not in page.locator("#chosen").inner_text()


@worked
def test_the_slider_moves_numbers_picture_and_curve(opened, name):
    page = opened(name)
    series = json.loads(page.locator("#numbers").evaluate("e => e.textContent"))
    look = """[document.querySelector('[data-v="W2[0,0]"]').textContent,
               document.querySelector('.curve .now').getAttribute('x1'),
               document.querySelector('[aria-label="w5"] .line').style.strokeWidth,
               document.getElementById('after').textContent]"""
    start = page.evaluate(look)
    assert start[0] == "0.4" and start[3] == "Before training"
    page.locator("#moment").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(look)[3] == "After 1 update" and page.evaluate(look)[0] == "0.359"
    page.keyboard.press("End")
    end = page.evaluate(look)
    assert all(a != b for a, b in zip(start, end, strict=True)) and end[3] == "After 1\u2009000 updates"
    assert abs(float(end[0].replace("\u2212", "-")) - series["series"]["W2[0,0]"][-1]) < 0.01


@worked
def test_training_plays_and_stops(opened, name):
    page = opened(name)
    page.locator("#play").click()
    expect(page.locator("#moment")).not_to_have_value("0")
    page.locator("#play").click()
    stopped = page.locator("#moment").input_value()
    page.wait_for_timeout(400)
    assert page.locator("#moment").input_value() == stopped and page.locator("#play").inner_text() == "Play"


@both
def test_equation_code_and_picture_lead_to_each_other(opened, name):
    page = opened(name)
    page.locator("#eq-3 .tag a").click()
    assert page.evaluate("location.hash") == "#line-3"
    assert page.locator("#line-3").evaluate("e => e.getBoundingClientRect().top < innerHeight")
    page.locator("#line-3 a").first.click()
    assert page.evaluate("location.hash") == "#eq-3"
    page.locator("#eq-3").hover()
    assert page.evaluate(LIT) and page.locator("#line-3").evaluate("e => e.classList.contains('lit')")


@both
def test_a_block_or_unit_shows_its_equations(opened, name):
    page = opened(name)
    page.locator(".network :is(.block, .unit).part").first.click(force=True)
    assert page.locator("#chosen td a").count() >= 2 and page.evaluate(LIT)


@worked
def test_the_theme_follows_the_system_until_somebody_chooses(opened, name):
    colour = "getComputedStyle(document.body).backgroundColor"
    light, dark = opened(name, color_scheme="light"), opened(name, color_scheme="dark")
    assert light.evaluate(colour) != dark.evaluate(colour)
    light.locator("#theme").click()
    assert light.evaluate(colour) == dark.evaluate(colour) and light.locator("#theme").inner_text() == "Light"
    light.locator("#theme").click()
    assert light.evaluate(colour) != dark.evaluate(colour)


@pytest.mark.parametrize(("name", "scheme"), [("hostile", "light"), ("blocks", "dark")])
def test_nothing_stands_in_the_way_of_a_reader(opened, name, scheme):
    """As axe-core finds it: contrast, names, roles, order. (It takes a header that is a formula for empty.)"""
    import axe_playwright_python

    page = opened(name, color_scheme=scheme)
    page.locator(".network .part").last.focus()
    page.keyboard.press("Enter")
    page.evaluate((Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({exclude: ['math', 'th:has(math)', 'details']}, {resultTypes: ['violations']})")
    assert [(rule["id"], rule["nodes"][0]["html"][:200], len(rule["nodes"])) for rule in found["violations"]] == []


@pytest.mark.parametrize("name", ["worked", "blocks", "hostile"])
def test_on_a_phone_the_page_does_not_scroll_sideways(opened, name):
    page = opened(name, width=360, height=740)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(WIDER) == []
    assert page.locator("#theme").is_visible() and page.locator("#moment").is_visible()


@both
def test_the_page_opens_in_less_than_a_second(opened, name):
    """The best of some times: this machine does other things too."""
    page = opened(name)
    ready = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    assert any(page.reload() is not None and page.evaluate(ready) < 1000 for _ in range(8))


@both
def test_without_script_it_is_a_page_to_read(opened, name):
    page = opened(name, java_script_enabled=False)
    assert page.locator("h2").count() > 4 and page.locator("main math").count() > 20
    assert page.locator("svg.network math").count() > 3 and page.locator("svg.curve").is_visible()
    for control in ("#theme", "#moment", "#play", ".hint", "#chosen"):
        assert page.locator(control).is_hidden()


@worked
def test_it_prints_without_controls_and_with_all_its_text(opened, name):
    page = opened(name)
    page.emulate_media(media="print")
    assert page.locator("#moment").is_hidden() and page.locator("nav").is_hidden()
    assert page.locator("svg.network").is_visible() and page.locator("#eq-10").is_visible()
    page.emulate_media(media="screen")


@pytest.mark.parametrize("name", ["hostile"])
def test_what_a_file_says_does_not_run(opened, name):
    page = opened(name)
    assert page.locator("h1").inner_text().startswith("</script><script>alert(1)</script> & <b> ")
    assert page.locator("h1 *").count() == 0 and page.locator("header img, header svg").count() == 0

"""One Chromium for all tests of a worker."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pages import made

ALONE = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(ALONE))
        yield started
        started.close()


AT_REST = """() => {
    document.querySelector(".network .chosen")?.dispatchEvent(new MouseEvent("click"));
    const slider = document.getElementById("moment");
    slider.value = 0;
    slider.dispatchEvent(new Event("input"));
    document.activeElement.blur();
    history.replaceState(null, "", location.pathname);
    scrollTo(0, 0);
}"""


@pytest.fixture(scope="module")
def pages(browser: Any, tmp_path_factory: Any) -> Iterator[Callable[..., Any]]:
    """Opens the page of a network, once for each way to look at it; at the end no page may have complained."""
    folder, found, complaints = tmp_path_factory.mktemp("pages"), {}, []

    def open_(name: str, width: int = 1280, height: int = 900, **options: Any) -> Any:
        key = (name, width, height, *sorted(options.items()))
        if key not in found:
            path = folder / f"{name}.html"
            path.write_text(made(name).html, encoding="utf-8")
            context = browser.new_context(viewport={"width": width, "height": height},
                                          **{"reduced_motion": "reduce", **options})
            page = found[key] = context.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: request.url == path.as_uri() or complaints.append(request.url))
            page.goto(path.as_uri())
        return found[key]

    yield open_
    for page in found.values():
        page.context.close()
    assert complaints == []


@pytest.fixture
def opened(pages: Callable[..., Any]) -> Callable[..., Any]:
    """A page as it is when it is opened, which another test may have looked at."""
    def open_(name: str, **options: Any) -> Any:
        page = pages(name, **options)
        page.mouse.move(5, 5)
        page.evaluate(AT_REST)
        return page

    return open_

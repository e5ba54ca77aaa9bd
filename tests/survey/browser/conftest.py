"""A real browser: a window for each person, with the steps that all journeys share."""

import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium")
SCREENS = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
    "narrowest": {"width": 320, "height": 640},
    "zoomed": {"width": 640, "height": 400},  # what is left of a laptop's window at 200 %
}
SETTLED = 350  # milliseconds after which a question takes clicks
UNSETTLED = f"""() => {{
  const [page] = performance.getEntriesByType("navigation");
  return (page.domContentLoadedEventEnd || performance.now()) + {SETTLED} - performance.now();
}}"""


class Window:
    """One page in a person's browser: all that Playwright's page can do, and the steps of a journey."""

    def __init__(self, page):
        self.page = page

    def __getattr__(self, name):
        return getattr(self.page, name)

    def another_tab(self):
        """At the same address, in the same browser."""
        tab = self.page.context.new_page()
        tab.goto(self.page.url)
        return Window(tab)

    def log_in(self):
        self.page.get_by_label("Username").fill("researcher")
        self.page.get_by_label("Password").fill("a long password")
        self.page.get_by_role("button", name="Log in").click()

    def begin(self):
        """From the welcome page through consent and instructions to the practice question."""
        self.page.get_by_role("button", name="I agree, start").click()
        self.page.get_by_role("link", name="Start with a practice question").click()

    def settle(self):
        """Waits until a question takes clicks and keys, however long its page was on its way."""
        self.page.wait_for_timeout(SETTLED)
        self.page.wait_for_load_state()
        self.page.wait_for_timeout(max(0, self.page.evaluate(UNSETTLED)))

    def choose(self, number):
        button = self.page.get_by_role("button", name=f"Picture {number}")
        button.wait_for()
        self.settle()
        button.click()

    def assert_accessible(self):
        results = Axe().run(self.page)
        assert results.violations_count == 0, results.generate_report()


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None and "BEHOLDER_SKIP_NOTHING" not in os.environ:
        pytest.skip("the system's chromium is not installed")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "true"  # Playwright's loop runs in the thread that asks the database
    )
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(chromium, live_server):
    """The function that opens a Window of its own, as on another person's device, at an address."""
    contexts = []

    def open_window(address="/", screen="desktop", **options):
        context = chromium.new_context(viewport=SCREENS[screen], base_url=live_server.url, **options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        return Window(page)

    yield open_window
    for context in contexts:
        context.close()

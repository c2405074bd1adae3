"""The page in a real browser: it filters, can be read without its script, in dark and light, and is quick with a thousand rewrites."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

import pytest

from report.results import FULL
from report.test_html import evil
from scriptify.report import html
from scriptify.result import RunResult
from scriptify.transform import Changed, Decline, Piece, Rewrite

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr", "--virtual-time-budget=5000",
)  # fmt: skip
SCHEMES = {"dark": "0", "light": "1"}

TOLD = "document.title = 'found ' + JSON.stringify(out);"

Ask = Callable[..., Any]

FILTERS = """
const form = document.getElementById("filter"), out = [];
const state = () => out.push([
  document.getElementById("shown").textContent,
  document.querySelectorAll(".card.item:not([hidden])").length,
  document.querySelectorAll("tr.item:not([hidden])").length,
  Array.from(document.querySelectorAll(".group")).filter((group) => !group.hidden).length,
]);
const choose = (name, value) => { form.elements[name].value = value; form.dispatchEvent(new Event("input")); state(); };
state();
choose("transform", "SF101"); choose("transform", "SF201"); choose("verdict", "refused"); choose("verdict", "");
choose("file", "other.py"); choose("file", ""); choose("text", "NOTHING HAS THIS"); choose("text", "  Left-Pad ");
"""
CONTRAST = """
const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (node) => { for (; node; node = node.parentElement) { const c = parse(getComputedStyle(node).backgroundColor);
  if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
const out = {};
for (const item of document.querySelectorAll("details")) item.open = true;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || node.closest("script, style, .sr, .skip, select")) continue;
  const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) out[node.className + " " + node.tagName + " in " + node.parentElement.className] = ratio.toFixed(2);
}
"""
AXE = """;
const tell = (out) => { document.title = "found " + JSON.stringify(out); };
axe.run(document).then((done) => tell(done.violations.map((v) => [v.id, v.nodes[0].html]))).catch((error) => tell(String(error)));
"""
SEEN = """
const out = {
  dark: matchMedia("(prefers-color-scheme: dark)").matches, ground: getComputedStyle(document.body).backgroundColor,
  fits: document.documentElement.scrollWidth <= window.innerWidth,
  focusable: Array.from(document.querySelectorAll(".scroll")).every((part) => part.tabIndex === 0 && part.role === "region"),
  headers: Array.from(document.querySelectorAll("table")).every((table) => table.querySelector("th[scope]")),
  levels: Array.from(document.querySelectorAll("h1,h2,h3,h4")).map((h) => +h.tagName[1]).every((v, i, all) => !i || v <= all[i - 1] + 1),
  said: document.body.innerText.includes("net.py:make"),
};
"""


@pytest.fixture(scope="session")
def chromium(absent: Callable[[str], NoReturn]) -> str:
    """The browser."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or absent(f"none of {', '.join(NAMES)} is installed")


@pytest.fixture
def ask(chromium: str, tmp_path: Path) -> Ask:
    """Show a page and give what a script in it finds; or, without a script, the page as it is and what the browser complained of."""

    def call(page: str, script: str = "", scheme: str = "light", width: int = 1280, told: str = TOLD) -> Any:
        if script:  # the page's policy lets no other script run: this copy goes without
            page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
            page = page.replace("</body>", f"<script>{{{script}; {told}}}</script></body>")
        file = tmp_path / "page.html"
        file.write_text(page, encoding="utf-8")
        options = (
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},900",
            f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
        )
        done = subprocess.run([chromium, *FLAGS, *options, "--dump-dom", file.as_uri()], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-2000:]
        if not script:
            return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        found = re.search(r"<title>found (.*?)</title>", done.stdout, re.DOTALL)
        assert found is not None, done.stderr[-2000:]
        return json.loads(unescape(found[1]))

    return call


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_stands_in_the_way_of_assistive_technology(ask: Ask, scheme: str) -> None:
    axe = Path(str(metadata.distribution("axe-core-python").locate_file("axe_core_python/axe.min.js"))).read_text(encoding="utf-8")
    page = re.sub(r"<details(?! open)", "<details open", html.page(FULL, Path("/project")))
    script = axe + AXE
    assert ask(page, script, scheme, told="") == []


def many(number: int) -> RunResult:
    """As many rewrites, in files of fifty."""
    outcomes = []
    for start in range(0, number, 50):
        path = f"/project/part{start:04}.py"
        lines = [
            f"def f{n}(x):\n    return reduce(lambda a, b: b(a), self.m{n}, x)  # {n}\n" for n in range(start, min(start + 50, number))
        ]
        before, at, pieces, rewrites = "".join(lines), 0, [], []
        for n, line in enumerate(lines):
            where = at + line.index("reduce")
            pieces.append(Piece(where, at + line.index("  #"), "self.run(x)", (n,)))
            rewrites.append(
                Rewrite("SF301", f"left-pad {n}", path, 2 * n + 2, f"f{n}", (), why="a reason", answers="Lambda aren't supported:\n  x")
            )
            at += len(line)
        after = before
        for piece in reversed(pieces):
            after = after[: piece.start] + piece.text + after[piece.end :]
        outcomes.append(Changed(path, before, after, tuple(rewrites), (), tuple(pieces)))
    return RunResult(outcomes=tuple(outcomes))


def test_the_script_runs_under_the_pages_own_policy(ask: Ask) -> None:
    page, complaints = ask(html.page(FULL, Path("/project")))
    assert complaints == []
    assert re.search(r'<form class="filter" id="filter" aria-label', page), "the filter is still hidden"
    assert "3 of 3 shown" in page


def test_hostile_source_does_nothing(ask: Ask) -> None:
    page, complaints = ask(html.page(evil(), Path("/project")))
    assert complaints == []
    assert page.count("<script>") == 1


def test_filters(ask: Ask) -> None:
    other = Rewrite("SF101", "left-pad", "/project/other.py", 1, "", ())
    outcomes = (*FULL.outcomes, Changed("/project/other.py", "a\n", "b\n", (other,), (Decline("SF101", "/project/net.py", 9, "", "b"),)))
    found = ask(html.page(replace(FULL, outcomes=outcomes), Path("/project")), FILTERS)
    assert [tuple(row) for row in found] == [
        ("5 of 5 shown", 3, 2, 4),
        ("3 of 5 shown", 1, 2, 2),
        ("2 of 5 shown", 2, 0, 2),
        ("1 of 5 shown", 1, 0, 1),
        ("2 of 5 shown", 2, 0, 2),
        ("0 of 5 shown", 0, 0, 0),
        ("2 of 5 shown", 2, 0, 2),
        ("0 of 5 shown", 0, 0, 0),
        ("0 of 5 shown", 0, 0, 0),
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_can_be_read(ask: Ask, scheme: str) -> None:
    page = html.page(FULL, Path("/project"))
    assert ask(page, CONTRAST, scheme) == {}
    seen = ask(page, SEEN, scheme)
    assert seen.pop("dark") is (scheme == "dark")
    assert (seen.pop("ground") == "rgb(20, 22, 26)") is (scheme == "dark")
    assert all(seen.values()), seen


def test_a_narrow_window_scrolls_tables_not_the_page(ask: Ask) -> None:
    assert ask(html.page(FULL, Path("/project")), SEEN, width=520)["fits"]


def test_without_script_all_is_shown(ask: Ask) -> None:
    page = re.sub(r"<script>.*?</script>", "", html.page(FULL, Path("/project")), flags=re.DOTALL)
    found = ask(page, 'const out = [document.getElementById("filter").hidden, document.querySelectorAll(".item:not([hidden])").length];')
    assert found == [True, 3]


def test_a_thousand_rewrites(ask: Ask) -> None:
    page = html.page(many(1000), Path("/project"))
    assert len(page) < 4_000_000
    found = ask(page, 'const out = [document.querySelectorAll(".card").length, document.getElementById("shown").textContent];')
    assert found == [1000, "1000 of 1000 shown"]

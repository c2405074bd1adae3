"""The generated documentation: made from the source, checked against it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import scriptify
from scriptify import docs, reference, registry

README = (
    "# x\n\n<!-- generated: rules -->\nold\n<!-- end of generated -->\n\nmine\n\n<!-- generated: commands -->\n<!-- end of generated -->\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "README.md").write_text(README)
    return tmp_path


def test_what_is_written_is_up_to_date_until_it_is_touched(root: Path) -> None:
    assert list(docs.stale(root))
    docs.write(root)
    assert list(docs.stale(root)) == []
    readme = (root / "README.md").read_text()
    assert "\nold\n" not in readme
    assert "\n\nmine\n\n" in readme
    page = next((root / docs.PAGES).glob("SF*.md"))
    page.write_text(page.read_text() + "by hand\n")
    (gone, *_) = [path for path in (root / docs.PAGES).glob("SF*.md") if path != page]
    gone.unlink()
    (root / docs.PAGES / "SF999.md").write_text("")
    told = "\n".join(docs.stale(root))
    assert f"{page.name}: is out of date" in told
    assert "-by hand" in told
    assert f"{gone.name}: is missing" in told
    assert "SF999.md: has no transform any more" in told
    docs.write(root)
    assert list(docs.stale(root)) == []


def test_the_command_tells_and_exits_with_1(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "stale", lambda: iter(["README.md: is out of date"]))
    done = CliRunner().invoke(docs.main, ["--check"])
    assert done.exit_code == 1
    assert "make docs" in done.stderr
    monkeypatch.setattr(docs, "stale", lambda: iter(()))
    assert CliRunner().invoke(docs.main, ["--check"]).exit_code == 0


def test_a_section_that_is_not_known_or_has_no_end_is_refused() -> None:
    with pytest.raises(ValueError, match="'nonsense'"):
        docs.filled("<!-- generated: nonsense -->\n<!-- end of generated -->\n", {})
    with pytest.raises(ValueError, match="has no"):
        docs.filled("<!-- generated: rules -->\n", {"rules": ""})


@pytest.mark.parametrize("transform", registry.all_transforms(), ids=lambda t: t.code)
def test_a_page_is_whole(transform: registry.Transform) -> None:
    text = docs.page(transform)
    assert text.count("```") % 2 == 0
    assert f"# {transform.code} {transform.name}" in text
    assert "## What it rewrites" in text
    assert "``" not in text.partition("## ")[0]


def test_the_reference_has_every_public_name_and_is_the_same_anywhere() -> None:
    page = reference.page()
    assert page == reference.page()
    for name in scriptify.__all__:
        assert name.startswith("__") or f"\n## scriptify.{name}\n" in page
    assert not re.search(r"0x[0-9a-f]{6,}|<function|<factory>|Ellipsis", page)
    assert str(Path(sys.prefix)) not in page
    assert "limits: Limits = Limits(seconds=300.0" in page
    assert "root: str = ''" in page

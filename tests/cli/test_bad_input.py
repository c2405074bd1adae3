"""Bad input: one clear sentence each, the documented exit code, everything else still done, no byte lost."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import pytest

from cli.conftest import FINE, NET, Run
from scriptify import journal, project
from scriptify.source import SourceFile

BROKEN = {
    "does not parse": b"def f(:\n    pass\n",
    "python 2": b"print 'hello'\n",
    "not utf-8": b"x = '\xe4\xf6'\n",
    "utf-16": "x = 1\n".encode("utf-16"),
    "null byte": b"x = 1\0\n",
    "unknown encoding": b"# coding: klingon\nx = 1\n",
    "deep": b"x = " + b"(" * 3000 + b"1" + b")" * 3000 + b"\n",
}


def _content(texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Stands for a front end that refuses nothing."""
    return dict.fromkeys(texts, ())


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("verb", ["check", "diff"])
def test_one_broken_file_costs_only_itself(run: Run, net: Path, here: Path, data: bytes, verb: str) -> None:
    bad = here / "bad.py"
    bad.write_bytes(data)
    alone = run(verb, "net.py")
    done = run(verb, ".")
    assert done.code == 4
    told = [line for line in done.err.splitlines() if line.startswith("scriptify: ")]
    assert len(told) == 1
    assert told[0].startswith("scriptify: bad.py")
    assert done.out.replace("bad.py: failed", "") == alone.out
    assert bad.read_bytes() == data


WHOLE = {
    "empty": b"",
    "only a newline": b"\n",
    "only a comment": b"# nothing here",
    "byte order mark alone": b"\xef\xbb\xbf",
    "form feed": b"\x0c\n",
}


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE)
def test_a_file_without_code_is_fine(run: Run, here: Path, data: bytes) -> None:
    (here / "a.py").write_bytes(data)
    assert run("check", "a.py")[:2] == (0, "")
    assert run("diff", "a.py")[:2] == (0, "")


DRESSED = {
    "crlf": NET.replace("\n", "\r\n").encode(),
    "tabs": NET.replace("    ", "\t").encode(),
    "byte order mark": b"\xef\xbb\xbf" + NET.encode(),
    "no final newline": NET.rstrip("\n").encode(),
    "form feeds": NET.replace("\n\n\n", "\n\x0c\n\n").encode(),
    "latin-1": ("# coding: latin-1\n# für später\n" + NET).encode("latin-1"),
}


@pytest.mark.parametrize("data", DRESSED.values(), ids=DRESSED)
def test_however_a_file_is_dressed_the_same_is_found_and_the_rest_stays(run: Run, here: Path, data: bytes) -> None:
    path = here / "net.py"
    path.write_text(NET)
    wanted = [line.split(" ", 1)[1] for line in run("check", "net.py").out.splitlines()]
    path.write_bytes(data)
    assert [line.split(" ", 1)[1] for line in run("check", "net.py").out.splitlines()] == wanted
    added = [line for line in run("diff", "net.py").bytes_out.split(b"\n") if line.startswith(b"+") and not line.startswith(b"+++")]
    assert added
    if b"\r\n" in data:
        assert all(line.endswith(b"\r") for line in added)


@pytest.mark.parametrize(
    ("args", "because"),
    [
        (("check", "missing.py"), "missing.py: no such file or folder"),
        (("check", "empty"), "empty: no Python files here"),
        (("check", "loop"), "loop: is a link that leads nowhere or in a circle"),
        (("diff", "missing.py"), "no such file or folder"),
        (("migrate", "missing.py"), "no such file or folder"),
        (("check",), "give a PATH"),
        (("verify",), "give an --entry"),
        (("check", "--select", "SF999", "fine.py"), "no transform has the code or name 'SF999'"),
        (("check", "--ignore", "nonsense", "fine.py"), "no transform has the code or name 'nonsense'"),
        (("explain", "SF999"), "no transform has the code or name 'SF999'"),
        (("explain",), "Missing argument 'CODE'"),
        (("explain", "-"), "pipe the error in"),
        (("chek", "fine.py"), "No such command 'chek'"),
        (("check", "--nonsense", "fine.py"), "No such option"),
        (("check", "--jobs", "0", "fine.py"), "--jobs"),
        (("check", "--format", "xml", "fine.py"), "--format"),
        (("check", "--config", "missing.toml", "fine.py"), "missing.toml: can't be read: No such file"),
        (("migrate", "fine.py", "--entry", "nonsense"), "is not FILE_OR_MODULE:FUNC, for example"),
        (("migrate", "fine.py", "--entry", "fine.py:"), "is not FILE_OR_MODULE:FUNC"),
        (("migrate", "fine.py", "--save", "a.pt"), "--save needs an --entry"),
        (("migrate", "fine.py", "--save", "no/a.pt", "--entry", "fine.py:entry"), "there is no folder no"),
        (("verify", "--time-limit", "0", "--entry", "fine.py:entry"), "--time-limit"),
        (("undo",), "there is no migration to undo here"),
        (("demo", "--keep", "fine.py"), "fine.py"),
    ],
)
def test_a_usage_error_is_one_sentence_and_code_2(run: Run, here: Path, args: tuple[str, ...], because: str) -> None:
    (here / "fine.py").write_text(FINE)
    (here / "empty").mkdir()
    (here / "loop").symlink_to("loop")
    done = run(*args)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("scriptify: ")
    assert because in done.err
    assert done.err.count("\n") == 1


def test_a_missing_path_among_others_does_not_stop_them(run: Run, net: Path) -> None:
    alone = run("check", "net.py")
    done = run("check", "net.py", "missing.py")
    assert done.code == 4
    assert alone.out.splitlines()[0] in done.out
    assert "scriptify: missing.py: no such file or folder" in done.err


def test_a_folder_without_python_among_others_is_told(run: Run, net: Path, here: Path) -> None:
    (here / "empty").mkdir()
    done = run("check", "net.py", "empty")
    assert done.code == 1
    assert "empty: no Python files here" in done.err


def test_a_broken_configuration_is_one_sentence(run: Run, net: Path, here: Path) -> None:
    (here / "pyproject.toml").write_text("[tool.scriptify]\nselekt = ['SF1']\n")
    done = run("check", "net.py")
    assert (done.code, done.out) == (2, "")
    assert "unknown key 'selekt' in [tool.scriptify]; did you mean select?" in done.err


def test_the_configuration_counts_and_the_command_line_wins(run: Run, net: Path, here: Path) -> None:
    (here / "pyproject.toml").write_text("[tool.scriptify]\npaths = ['net.py']\nselect = ['SF401']\n")
    assert {line.split()[1] for line in run("check").out.splitlines()} == {"SF401"}
    assert {line.split()[1] for line in run("check", "--select", "SF201").out.splitlines()} == {"SF201"}


def test_a_file_that_changes_while_we_work_is_kept(run: Run, net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scriptify import judging

    def busy(*_: object) -> dict[str, tuple[str, ...]]:
        net.write_text("mine = 1\n")
        return {}

    monkeypatch.setattr(judging, "frontend", lambda *_: nullcontext(busy))
    done = run("migrate", "net.py")
    assert done.code == 4
    assert "changed on disk while we worked; nothing was written, run again" in done.err
    assert "not written" in done.err
    assert net.read_text() == "mine = 1\n"


def test_a_read_only_file_stops_the_write_and_nothing_else(run: Run, net: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scriptify import judging

    monkeypatch.setattr(judging, "frontend", lambda *_: nullcontext(_content))
    (here / "other.py").write_text(NET)
    net.chmod(0o444)
    done = run("migrate", ".")
    assert done.code == 4
    assert "net.py: is read-only; nothing was written" in done.err
    assert net.read_text() == (here / "other.py").read_text() == NET
    assert sorted(path.name for path in here.glob("[!.]*")) == ["net.py", "other.py"]
    assert run("undo").code == 2


def test_migrate_undo_and_undo_again(run: Run, net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scriptify import judging

    monkeypatch.setattr(judging, "frontend", lambda *_: nullcontext(_content))
    assert run("migrate", "--select", "SF401", "net.py").code == 0
    first = net.read_text()
    assert run("migrate", "net.py").code == 0
    assert NET != first != net.read_text()
    assert run("undo").err == "restored net.py\n"
    assert net.read_text() == first
    assert run("undo", "--quiet").err == ""
    assert net.read_text() == NET
    assert run("undo").code == 2


def test_undo_keeps_later_work(run: Run, net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scriptify import judging

    monkeypatch.setattr(judging, "frontend", lambda *_: nullcontext(_content))
    run("migrate", "net.py")
    later = net.read_text() + "# mine\n"
    net.write_text(later)
    done = run("undo")
    assert done.code == 4
    assert "net.py: changed since the migration; nothing was undone" in done.err
    assert net.read_text() == later


def test_a_dry_run_writes_nothing(run: Run, net: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scriptify import judging

    monkeypatch.setattr(judging, "frontend", lambda *_: nullcontext(_content))
    done = run("migrate", "--dry-run", "net.py")
    assert done.code == 1
    assert "not written (--dry-run)" in done.err
    assert net.read_text() == NET
    assert not (here / journal.FOLDER).exists()


def test_a_rewrite_that_does_not_fit_the_encoding_is_not_written(here: Path) -> None:
    path = here / "a.py"
    path.write_bytes(b"# coding: ascii\nx = 1\n")
    found = project.read([path], here)
    with pytest.raises(Exception, match="does not fit its encoding ascii"):
        found.write({str(path.resolve()): "# coding: ascii\nx = 'é'\n"})
    assert SourceFile.read(path).text == "# coding: ascii\nx = 1\n"

"""Types that docstrings state, in three styles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scriptify.facts import docstrings, known

GOOGLE = """Block with a skip.

    Note: x (int): this is prose, not a parameter.

    Args:
        x (Tensor): Input, see f(x).
        noise (Tensor | None): Noise. Default: None.
        sizes (tuple[int, int], optional): Sizes (h, w):
            more (float): is part of the text above.
        bare: no type.
        *args (int): Rest.
        call(this) is prose

    Returns:
        y (str): Not a parameter.
    """

NUMPY = """Do it.

    Parameters
    ----------
    x : Tensor
        Input: one.
    a, b : int, optional
        Two of them.
    bare
        Nothing.

    Returns
    -------
    y : str
    """

REST = """Do it.

    :param x: input
    :type x: Tensor
    :param int n: count
    :param str or None name: name
    :returns: nothing
    :rtype: bool
    """


def test_google() -> None:
    assert docstrings.types(GOOGLE) == {"x": "Tensor", "noise": "Tensor | None", "sizes": "tuple[int, int], optional", "args": "int"}


def test_numpy() -> None:
    assert docstrings.types(NUMPY) == {"x": "Tensor", "a": "int, optional", "b": "int, optional"}


def test_rest() -> None:
    assert docstrings.types(REST) == {"x": "Tensor", "n": "int", "name": "str or None"}


def test_tabs_crlf_and_first_line() -> None:
    assert docstrings.types("Args:\r\n\tx (int): é\r\n\ty (Dict[str, int]): é\r\n") == {"x": "int", "y": "Dict[str, int]"}


def test_nothing() -> None:
    assert docstrings.types("") == docstrings.types("Args:") == docstrings.types("x (int): no head") == {}


@given(st.text(alphabet="Args: x(int)\n\t-:p", max_size=80))
def test_never_raises(text: str) -> None:
    docstrings.types(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("int", "int"),
        ("torch.Tensor", "Tensor"),
        ("tensor", "Tensor"),
        ("Tensor or None", "Optional[Tensor]"),
        ("Tensor | None", "Optional[Tensor]"),
        ("Tensor, default None", "Optional[Tensor]"),
        ("bool, optional", "bool"),
        ("list[Tensor]", "List[Tensor]"),
        ("list of int", "List[int]"),
        ("list of ints", "List[int]"),
        ("Sequence[float]", "List[float]"),
        ("List", None),
        ("int or str", None),
        ("nn.Module", None),
        ("the number of things", None),
        ("tuple[int, ...]", None),
        ("List[", None),
        ("", None),
    ],
)
def test_documented_type(text: str, expected: str | None) -> None:
    found = known.documented(text)
    assert (str(found) if found is not None else None) == expected

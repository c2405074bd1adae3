"""Examples of SF404."""

from __future__ import annotations

from scriptify.transform import Declines, Example, Fires, Ignores


def _net(body: str, more: str = "") -> str:
    return f"import torch\nfrom torch import nn\n\n\n{more}class Net(nn.Module):\n    def forward(self, x):\n        {body}\n"


def _fires(before: str, after: str, more: str = "", shape: str = "2, 4, 3, 3") -> Fires:
    return Fires(_net(before, more), _net(after, more), entry=f"Net(), (torch.rand({shape}),)")


def _kept(value: str) -> str:
    made = "    def __init__(self, *shape):\n        super().__init__()\n        self.shape = shape\n\n"
    return f"import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n{made}    def forward(self, x):\n        return {value}\n"


EXAMPLES: tuple[Example, ...] = (
    _fires("return x.view(x.size(0), *x.shape[1:])", "return x.view([x.size(0)] + list(x.shape[1:]))"),
    _fires("return x.view(*x.shape[:2], -1)", "return x.view(list(x.shape[:2]) + [-1])"),
    _fires("return x.reshape(*x.size())", "return x.reshape(x.size())"),
    _fires("return x.permute(0, *range(2, x.dim()), 1)", "return x.permute([0] + list(range(2, x.dim())) + [1])"),
    _fires("return x.repeat(1, *([1] * 3))", "return x.repeat([1] + [1] * 3)"),
    _fires(
        "return torch.zeros(x.shape[0], *[1] * (x.dim() - 1), dtype=x.dtype)",
        "return torch.zeros([x.shape[0]] + [1] * (x.dim() - 1), dtype=x.dtype)",
    ),
    _fires("return x.view((*x.shape[:2], -1))", "return x.view(list(x.shape[:2]) + [-1])"),
    _fires("xs = [x, x]\n        return torch.cat([*xs, x])", "xs = [x, x]\n        return torch.cat(list(xs) + [x])"),
    _fires("return torch.add(*[x, x])", "return torch.add(x, x)"),
    _fires(
        "xs = [x, x]\n        return join(*xs)",
        "xs = [x, x]\n        return join(xs[0], xs[1])",
        more="def join(a, b):\n    return a + b\n\n\n",
    ),
    _fires(
        "return area(*x.shape[2:4]) * x",
        "return area(x.shape[2], x.shape[3]) * x",
        more="def area(h: int, w: int):\n    return h * w\n\n\n",
    ),
    Ignores(name="a tuple that the module keeps, which the compiler unpacks", code=_kept("x.view(*self.shape)")),
    _fires(
        "return x.view(*x.shape[1:], -1)",
        "return x.view(list(x.shape[1:]) + [-1]) if torch.jit.is_scripting() else x.view(*x.shape[1:], -1)",
        more="class Picture:\n    def view(self, *sizes):\n        return sizes\n\n\n",
    ),
    _fires(
        "y = torch.relu(x)\n        return y.view(*y.shape[1:], -1)",
        "y = torch.relu(x)\n        return y.view(list(y.shape[1:]) + [-1])",
        more="class Picture:\n    def view(self, *sizes):\n        return sizes\n\n\n",
    ),
    Declines(
        _net("return x.view((*x.shape[1:], -1))", "class Picture:\n    def view(self, sizes):\n        return sizes\n\n\n"),
        because="method view of its own",
    ),
    Declines(
        _net("xs = [x]\n        xs.append(x)\n        return join(*xs)", "def join(a, b):\n    return a + b\n\n\n"),
        because="length of xs is not known",
    ),
    Ignores(_net("t = (2, 2)\n        return x.view(*t, -1)"), name="a tuple has a static length"),
    Ignores(_net("xs = [x]\n        return torch.utils.checkpoint.checkpoint(self.join, (*xs, x))"), name="what hands a tuple on as it is"),
    Ignores(_net("return x.view(x.size(0), -1)"), name="no star"),
    Ignores("def shaped(x):\n    return x.view(*x.shape[1:])\n", name="not compiled"),
)

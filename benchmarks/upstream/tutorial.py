"""Models in the manner of the TorchScript tutorial: a gate that looks at values, a cell that holds it, parts without control flow."""

import torch
from torch import nn


class MyDecisionGate(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        else:
            return -x


class MyCell(nn.Module):
    def __init__(self, dg):
        super().__init__()
        self.dg = dg
        self.linear = nn.Linear(4, 4)

    def forward(self, x, h):
        new_h = torch.tanh(self.dg(self.linear(x)) + h)
        return new_h, new_h


class Features(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())

    def forward(self, x):
        return self.body(x).mean((2, 3))


class MyScriptModule(nn.Module):
    """A network of which a small part looks at values."""

    def __init__(self):
        super().__init__()
        self.means = nn.Parameter(torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1))
        self.features = Features()
        self.dg = MyDecisionGate()

    def forward(self, image):
        y = self.features(image - self.means)
        if y.shape[0] > 3:
            y = y * 2
        return self.dg(y)


class Lambda(nn.Module):
    """What scripting refuses and tracing takes, around what tracing freezes."""

    def __init__(self):
        super().__init__()
        self.features = Features()
        self.dg = MyDecisionGate()

    def forward(self, x):
        twice = lambda v: v * 2  # noqa: E731
        return self.dg(twice(self.features(x)))


class Hidden(nn.Module):
    """A value decides without a warning of the tracer."""

    def forward(self, x):
        return x * float(x.detach().numpy().sum() > 0)


class Drawing(nn.Module):
    def forward(self, x, scale: float = 2.0):
        return {"noisy": x + scale * torch.randn_like(x), "sizes": [x.shape[0], x.shape[1]], "none": None}


def cell():
    return MyCell(MyDecisionGate()).eval(), (torch.rand(3, 4), torch.rand(3, 4))


def mixed():
    model = MyScriptModule().eval()
    yield model, (torch.rand(2, 3, 8, 8) * 255,)
    yield model, (torch.rand(4, 3, 8, 8) * 255,)


def plain():
    model = Features().eval()
    yield model, (torch.rand(2, 3, 8, 8),)
    yield model, (torch.rand(3, 3, 8, 8),)


def training():
    return Features(), (torch.rand(2, 3, 8, 8),)


def lambdas():
    return Lambda().eval(), (torch.rand(2, 3, 8, 8),)


def hidden():
    return Hidden(), (torch.rand(2, 3),)


def drawing():
    return Drawing(), (torch.rand(2, 3),), {"scale": 0.5}


def two():
    yield Features().eval(), (torch.rand(2, 3, 8, 8),)
    yield MyDecisionGate(), (torch.rand(2),)


def larger(x, y):
    if x.max() > y.max():
        r = x
    else:
        r = y
    return r


def choice():
    a, b = torch.rand(2, 3), torch.rand(2, 3)
    yield larger, (a, b + 2)
    yield larger, (a + 2, b)


def raises():
    raise RuntimeError("no weights here")


class Containers(nn.Module):
    """Arguments and results of every kind that a file of cases holds."""

    def forward(
        self, xs: list[torch.Tensor], named: dict[str, torch.Tensor], sizes: list[int], gain: float | None = None, label: str = "a"
    ) -> tuple[list[torch.Tensor], dict[str, torch.Tensor], int, str, torch.Tensor | None]:
        total = xs[0]
        for x in xs:
            total = total + x
        if gain is not None:
            total = total * gain
        return [total, xs[0]], {"scaled": named["a"] * sizes[0]}, sum(sizes), label + "b", None


def containers():
    model = Containers()
    yield model, ([torch.rand(2), torch.rand(2)], {"a": torch.rand(3)}, [2, 3]), {"label": "x"}
    yield model, ([torch.rand(2)], {"a": torch.rand(1)}, [4]), {"gain": 2.0}

"""Examples of SF501."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = "import torch\nfrom torch import nn\n\n\n"


EXAMPLES = (
    Fires(
        _HEAD
        + """def load(path):
    model = nn.DataParallel(nn.Linear(2, 2)).cuda()
    model.load_state_dict(torch.load(path), strict=False)
    model.eval()
    return torch.jit.script(model.module)
""",
        _HEAD
        + """def load(path):
    model = nn.Linear(2, 2).cuda()
    model.load_state_dict({key[7:] if key.startswith("module.") else key: value for key, value in torch.load(path).items()}, strict=False)
    model.eval()
    return torch.jit.script(model)
""",
        name="scripted",
    ),
    Fires(
        _HEAD
        + """model = nn.Linear(2, 2).to("cpu")
if torch.cuda.device_count() > 1:
    print("Let's use", torch.cuda.device_count(), "GPUs!")
    # one copy each
    model = nn.DataParallel(model, device_ids=[0, 1])
model.eval()
net = model.module if isinstance(model, nn.DataParallel) else model
torch.onnx.export(net, torch.rand(1, 2), "net.onnx")
""",
        _HEAD
        + """model = nn.Linear(2, 2).to("cpu")
model.eval()
net = model
torch.onnx.export(net, torch.rand(1, 2), "net.onnx")
""",
        name="guarded block",
    ),
    Fires(
        """import torch
from torch.nn.parallel import DistributedDataParallel as DDP


def main(net, data, device, gpus):
    if len(gpus) > 1: net = DDP(net, device_ids=gpus)
    else: net = net.to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net(data).sum().backward()
    optimizer.step()
    torch.save(net.module.state_dict(), "net.pth")
""",
        """import torch
from torch.nn.parallel import DistributedDataParallel as DDP


def main(net, data, device, gpus):
    if len(gpus) > 1: pass
    else: net = net.to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net(data).sum().backward()
    optimizer.step()
    torch.save(net.state_dict(), "net.pth")
""",
        name="training",
    ),
    Fires(
        _HEAD
        + """class Runner:
    def __init__(self, net, device):
        self.net = nn.DataParallel(net.to(device))
        if hasattr(self.net, "module"):
            self.net = self.net.module

    def run(self, x):
        self.net.eval()
        return self.net.module.features(x)
""",
        _HEAD
        + """class Runner:
    def __init__(self, net, device):
        self.net = net.to(device)

    def run(self, x):
        self.net.eval()
        return self.net.features(x)
""",
        name="attribute of a plain class",
    ),
    Fires(
        _HEAD + "def script(net):\n    return torch.jit.script(nn.DataParallel(net.cuda()).module)\n",
        _HEAD + "def script(net):\n    return torch.jit.script(net.cuda())\n",
        name="inline",
    ),
    Declines(
        _HEAD
        + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.DataParallel(nn.Linear(2, 2))

    def forward(self, x):
        return self.body(x)
""",
        because="its keys lose module.",
    ),
    Declines(
        _HEAD + "def ids(net):\n    net = nn.DataParallel(net)\n    return net.device_ids\n",
        because="the wrapper's own",
    ),
    Declines(
        _HEAD
        + """def save(model):
    torch.save(model.module.state_dict(), "m.pth")


def main(model):
    model = nn.DataParallel(model)
    save(model)
""",
        because="save reads model.module",
    ),
    Ignores(
        _HEAD
        + """def bare(net):
    if isinstance(net, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        net = net.module
    return net
""",
        name="works for both",
    ),
    Fires(
        _HEAD
        + """def build(width):
    model = nn.Linear(width, 2)
    if torch.cuda.is_available():
        model = model.cuda()
    else:
        model = nn.DataParallel(model)
    return model


def save(model, path):
    torch.save(model.module.state_dict(), path)


def main():
    net = build(4)
    loss = net(torch.rand(1, 4)).sum()
    loss.backward()
    save(net, "net.pth")
""",
        _HEAD
        + """def build(width):
    model = nn.Linear(width, 2)
    if torch.cuda.is_available():
        model = model.cuda()
    return model


def save(model, path):
    torch.save(model.state_dict(), path)


def main():
    net = build(4)
    loss = net(torch.rand(1, 4)).sum()
    loss.backward()
    save(net, "net.pth")
""",
        focus='File "torch/nn/parallel/data_parallel.py", line 172',
        name="handed on, and refused",
    ),
    Ignores("from mine import DataParallel\n\nnet = DataParallel(None)\n", name="another DataParallel"),
)

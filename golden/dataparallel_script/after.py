"""Train a small segmentation network, on several GPUs where there are any.

Usage: python before.py --epochs 2 --gpus 0,1
"""
import argparse
import io
import os
from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel
from typing import Optional


class Fuse(nn.Module):
    """Bring a coarse map to the size of a fine one and add the two."""

    def __init__(self, channels, scale):
        super(Fuse, self).__init__()
        self.scale = scale
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, fine, coarse, extra: Optional[torch.Tensor] = None):
        coarse = F.interpolate(self.conv(coarse), scale_factor=float(self.scale) if torch.jit.is_scripting() else self.scale, mode='nearest')
        out = fine + coarse
        if extra is not None:
            out = out + extra
        return out


class SegNet(nn.Module):
    def __init__(self, in_channels=3, width=6, num_classes=2, scale=2):
        super(SegNet, self).__init__()
        self.fine = nn.Conv2d(in_channels, width, 3, padding=1)
        self.coarse = nn.Conv2d(width, width, 3, stride=scale, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.fuse = Fuse(width, scale)
        self.head = nn.Conv2d(width, num_classes, 1)

    def forward(self, x, prior: Optional[torch.Tensor] = None):
        fine = F.relu(self.norm(self.fine(x)))
        coarse = F.relu(self.coarse(fine))
        fused = self.fuse(fine, coarse)
        if prior is not None:
            fused = self.fuse(fused, coarse, extra=prior)
        return self.head(fused)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description='Train a segmentation network')
    parser.add_argument('--width', type=int, default=6)
    parser.add_argument('--scale', type=int, default=2)
    parser.add_argument('--epochs', type=int, default=1)
    parser.add_argument('--lr', type=float, default=0.1)
    parser.add_argument('--gpus', type=str, default='')
    parser.add_argument('--distributed', action='store_true')
    parser.add_argument('--resume', type=str, default='')
    parser.add_argument('--out', type=str, default='checkpoint.pth')
    return parser.parse_args(argv)


def build_model(args):
    """Build the network and wrap it for the devices there are."""
    model = SegNet(width=args.width, scale=args.scale)
    if args.distributed:
        local_rank = int(os.environ['LOCAL_RANK'])
        model = model.cuda(local_rank)
    elif args.gpus:
        device_ids = [int(g) for g in args.gpus.split(',')]
        model = model.cuda()
    return model


def build_teacher(args):
    """The network whose predictions are imitated; it is never trained."""
    teacher = SegNet(width=args.width * 2, scale=args.scale)
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    teacher = teacher.to(device)
    return teacher.eval()


def bare_model(model):
    if isinstance(model, (nn.DataParallel, DistributedDataParallel)):
        model = model.module
    return model


def save_checkpoint(model, optimizer, epoch, target):
    torch.save({
        'epoch': epoch,
        'state_dict': model.state_dict(),
        'optimizer': optimizer.state_dict(),
    }, target)


def load_checkpoint(model, source):
    """Load weights into the bare network, whatever they were saved from."""
    checkpoint = torch.load(source, map_location='cpu', weights_only=True)
    state_dict = checkpoint['state_dict'] if 'state_dict' in checkpoint else checkpoint
    # checkpoints of several GPUs carry a prefix
    new_state_dict = OrderedDict()
    for k, v in state_dict.items():
        name = k.replace('module.', '')
        new_state_dict[name] = v
    bare_model(model).load_state_dict(new_state_dict)
    return model


def load_teacher(teacher, state_dict):
    if list(state_dict.keys())[0].startswith('module.'):
        state_dict = {k[7:]: v for k, v in state_dict.items()}
    if hasattr(teacher, 'module'):
        teacher.module.load_state_dict(state_dict)
    else:
        teacher.load_state_dict(state_dict)


def train_one_epoch(model, teacher, optimizer, batches):
    model.train()
    for x in batches:
        with torch.no_grad():
            target = teacher(x).argmax(dim=1)
        loss = F.cross_entropy(model(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def train(args, batches):
    model = build_model(args)
    teacher = build_teacher(args)
    if args.resume:
        load_checkpoint(model, args.resume)
    if isinstance(model, nn.DataParallel):
        params = model.module.parameters()
    else:
        params = model.parameters()
    optimizer = torch.optim.SGD(params, lr=args.lr, momentum=0.9)
    buffer = io.BytesIO()
    for epoch in range(args.epochs):
        train_one_epoch(model, teacher, optimizer, batches)
        buffer = io.BytesIO()
        save_checkpoint(model, optimizer, epoch, buffer)
    return model, buffer


def main():
    args = parse_args()
    torch.manual_seed(0)
    _, buffer = train(args, [torch.randn(2, 3, 8, 8) for _ in range(4)])
    with open(args.out, 'wb') as f:
        f.write(buffer.getvalue())


def entry():
    """A model as the script builds it, one it has trained and loaded again, and its teacher."""
    torch.manual_seed(0)
    x, prior = torch.randn(2, 3, 8, 8), torch.randn(2, 6, 8, 8)
    args = parse_args([])
    yield build_model(args).eval(), (x,)

    trained, buffer = train(args, [torch.randn(2, 3, 8, 8)])
    buffer.seek(0)
    yield load_checkpoint(build_model(args), buffer).eval(), (x, prior)

    wide = parse_args(['--width', '12', '--scale', '4'])
    teacher = build_teacher(args)
    load_teacher(teacher, build_model(parse_args(['--width', '12'])).state_dict())
    yield teacher, (x,)
    yield build_model(wide).eval(), (torch.randn(1, 3, 12, 8), torch.randn(1, 12, 12, 8))


if __name__ == '__main__':
    main()

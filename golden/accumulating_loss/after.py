"""Training losses that add their terms up in a loop."""
import torch
from torch import nn
from torch.nn import functional as F
from typing import List, Optional


def reduce_loss(loss, reduction: str):
    """Reduce a loss as named.

    Args:
        loss (Tensor): Elementwise loss.
        reduction (str): 'none', 'mean' or 'sum'.
    """
    if reduction == 'none':
        return loss
    elif reduction == 'mean':
        return loss.mean()
    return loss.sum()


def weight_reduce_loss(loss, weight: Optional[torch.Tensor] = None, reduction: str = 'mean', avg_factor: Optional[float] = None):
    """Weight a loss and reduce it.

    Args:
        loss (Tensor): Elementwise loss.
        weight (Tensor, optional): Elementwise weight. Default: None.
        reduction (str): Same as in ``reduce_loss``. Default: 'mean'.
        avg_factor (float, optional): Divide the sum by this instead of by the number of elements. Default: None.
    """
    if weight is not None:
        loss = loss * weight
    if avg_factor is None:
        loss = reduce_loss(loss, reduction)
    else:
        if reduction == 'mean':
            loss = loss.sum() / avg_factor
        elif reduction != 'none':
            raise ValueError('avg_factor can not be used with reduction="sum"')
    return loss


class SmoothL1(nn.Module):
    """Huber-like loss.

    Args:
        beta (float): Where the parabola becomes a line. Default: 1.
        reduction (str): How to reduce. Default: 'mean'.
        loss_weight (float): Factor on the result. Default: 1.
    """

    def __init__(self, beta=1, reduction='mean', loss_weight=1):
        super().__init__()
        self.beta, self.reduction, self.loss_weight = beta, reduction, loss_weight

    def forward(self, pred, target, weight: Optional[torch.Tensor] = None, avg_factor: Optional[float] = None, reduction_override: Optional[str] = None):
        reduction = reduction_override if reduction_override is not None and (len(reduction_override) > 0 if torch.jit.is_scripting() else bool(reduction_override)) else self.reduction
        diff = torch.abs(pred - target)
        loss = torch.where(diff < self.beta, 0.5 * diff * diff / self.beta, diff - 0.5 * self.beta)
        return self.loss_weight * weight_reduce_loss(loss, weight, reduction, avg_factor)


class EdgeLoss(nn.Module):
    """L1 between image gradients at several scales."""

    def __init__(self, num_scales=2):
        super().__init__()
        self.num_scales = num_scales
        kernel = torch.tensor([[-1., 0., 1.], [-2., 0., 2.], [-1., 0., 1.]])
        self.register_buffer('kernels', torch.stack([kernel, kernel.t()]).unsqueeze(1))

    def gradient(self, x):
        chan = x.shape[1]
        kernels = self.kernels.repeat(chan, 1, 1, 1)
        return F.conv2d(F.pad(x, (1, 1, 1, 1), value=0.0), kernels, groups=chan)

    def forward(self, pred, target, mask: Optional[torch.Tensor] = None):
        loss = torch.zeros(()) if torch.jit.is_scripting() else 0.
        for scale in range(self.num_scales):
            if scale > 0:
                pred, target = F.avg_pool2d(pred, 2), F.avg_pool2d(target, 2)
                if mask is not None:
                    mask = F.interpolate(mask, scale_factor=1 / 2)
            diff = (self.gradient(pred) - self.gradient(target)).abs()
            if mask is not None:
                diff = diff * mask
            loss = loss + diff.mean() / 2 ** scale
        return loss


class DeepSupervision(nn.Module):
    """A weighted sum over the outputs of a network that predicts at several levels.

    Args:
        weights (tuple[float]): One weight a level, the finest first.
        num_classes (int): Number of classes. Default: 3.
        use_edges (bool): Compare edges too. Default: True.
    """

    def __init__(self, weights=(1.0, 0.5, 0.25), num_classes=3, use_edges=True):
        super().__init__()
        self.weights = list(weights)
        self.num_classes = num_classes
        self.pixel = nn.ModuleList([SmoothL1(beta=2 ** i, loss_weight=w) for i, w in enumerate(weights)])
        self.edges = EdgeLoss() if use_edges else None
        self.log_vars = nn.Parameter(torch.zeros(3))

    def dice(self, probs, onehot, smooth: int = 1):
        total = torch.zeros((), dtype=torch.int64) if torch.jit.is_scripting() else 0
        for c in range(self.num_classes):
            inter = (probs[:, c] * onehot[:, c]).sum()
            total = total + (1 - (2 * inter + smooth) / (probs[:, c].sum() + onehot[:, c].sum() + smooth))
        return total / self.num_classes

    def forward(self, preds: List[torch.Tensor], labels, class_weight: Optional[torch.Tensor] = None, mask: Optional[torch.Tensor] = None):
        """
        Args:
            preds (list[Tensor]): Logits of each level, the finest first.
            labels (Tensor): Class of each pixel at the finest level.
            class_weight (Tensor, optional): One weight a class. Default: None.
            mask (Tensor, optional): Pixels that count, of shape (b, 1, h, w). Default: None.

        Returns:
            dict[str, Tensor]: The terms, and their sum as 'loss'.
        """
        onehot = F.one_hot(labels, self.num_classes).permute(0, 3, 1, 2).float()
        ce = torch.zeros(()) if torch.jit.is_scripting() else 0.
        pixel = torch.zeros((), dtype=torch.int64) if torch.jit.is_scripting() else 0
        terms = []
        for i in range(len(self.pixel)):
            target = F.adaptive_avg_pool2d(onehot, preds[i].shape[-2:])
            log_probs = F.log_softmax(preds[i], dim=1)
            for j, pixel_j in enumerate(self.pixel):
                if j == i:
                    pixel = pixel + pixel_j(log_probs.exp(), target)
            term = -(target * log_probs)
            if class_weight is not None:
                term = term * class_weight.view(1, -1, 1, 1)
            ce = ce + self.weights[i] * term.sum(dim=1).mean()
        terms.append(ce)
        terms.append(pixel)
        probs = preds[0].softmax(dim=1)
        terms.append(self.dice(probs, onehot))

        losses = {'ce': ce, 'pixel': pixel, 'dice': terms[-1]}
        if self.edges is not None:
            losses['edges'] = self.edges(probs, onehot, mask)
            terms.append(losses['edges'])
        scaled = [torch.exp(-self.log_vars[i]) * terms[i] for i in range(3)]
        total = torch.zeros((), dtype=torch.int64) if torch.jit.is_scripting() else 0
        for term_2 in scaled:
            total = total + term_2
        total_2 = torch.zeros((), dtype=torch.int64) if torch.jit.is_scripting() else 0
        for term_3 in terms[3:]:
            total_2 = total_2 + term_3
        losses['loss'] = total + total_2 + self.log_vars.sum()
        return losses


def entry():
    """The sum with and without class weights, mask and edges; the edge and pixel losses alone."""
    torch.manual_seed(0)
    preds = [torch.randn(2, 3, s, s) for s in (16, 8, 4)]
    labels = torch.randint(0, 3, (2, 16, 16))
    full, plain = DeepSupervision(), DeepSupervision((1.0, 0.5), use_edges=False)
    yield full, (preds, labels)
    yield full, (preds, labels), {'class_weight': torch.rand(3), 'mask': (torch.rand(2, 1, 16, 16) > 0.3).float()}
    yield plain, (preds[:2], labels, torch.rand(3))
    yield EdgeLoss(num_scales=3), (torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16))
    pred, target = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3)
    yield SmoothL1(), (pred, target)
    yield SmoothL1(beta=0.5, loss_weight=2.0), (pred, target, torch.rand(4, 3)), {'reduction_override': 'none'}
    yield SmoothL1(reduction='sum'), (pred, target), {'avg_factor': 3.0, 'reduction_override': 'mean'}

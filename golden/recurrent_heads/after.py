"""A recurrent encoder with one head per task; layers and heads are kept under names made of numbers and tasks."""
import torch
from torch import nn
from torch.nn import functional as F
from typing import List, Optional


class ResidualGRU(nn.Module):
    """Stacked GRUs with normalisation and shortcuts.

    Parameters
    ----------
    input_size : int
        Features of each step.
    hidden_size : int
        Features of each layer.
    num_layers : int
        Number of layers.
    cells : tuple of str
        Kind of each layer, 'gru' or 'rnn'.
    """

    def __init__(self, input_size, hidden_size, cells=('gru', 'gru')):
        super().__init__()
        self.num_layers = len(cells)
        self.layers = nn.ModuleDict()
        for i, cell in enumerate(cells):
            kind = nn.GRU if cell == 'gru' else nn.RNN
            self.layers[f'layer{i}'] = kind(input_size if i == 0 else hidden_size, hidden_size, batch_first=True)
            setattr(self, 'norm%d' % i, nn.LayerNorm(hidden_size))

    def forward(self, x, hidden: Optional[List[torch.Tensor]] = None):
        """Run all layers.

        Parameters
        ----------
        x : Tensor
            Of shape (batch, time, features).
        hidden : list of Tensor, optional
            State of each layer, as returned by the call before.

        Returns
        -------
        tuple
            Output of the last layer, and the new states.
        """
        states: List[Optional[torch.Tensor]] = []
        for i in range(self.num_layers):
            state = hidden[i] if hidden is not None else None
            if f'layer{i}' not in self.layers:
                raise KeyError(f'layer{i}')
            for key, layer in self.layers.items():
                if key == f'layer{i}':
                    out, state = layer(x, state)
                    if not torch.jit.is_scripting():
                        out = getattr(self, 'norm%d' % i)(out)
                    elif i == 0:
                        out = self.norm0(out)
                    elif i == 1:
                        out = self.norm1(out)
                    elif hasattr(self, "norm2") and i == 2:
                        out = self.norm2(out)
                    else:
                        raise AttributeError('norm%d' % i)
                    x = x + out if i > 0 else out
            states.append(state)
        return x, states


class MeanPool(nn.Module):
    """Mean over time; over the real steps only, when lengths are given."""

    def forward(self, x, lengths: Optional[torch.Tensor] = None):
        if lengths is None:
            return x.mean(dim=1)
        steps = torch.arange(x.shape[1], device=x.device)
        keep = (steps[None, :] < lengths[:, None]).to(x.dtype).unsqueeze(-1)
        return (x * keep).sum(dim=1) / keep.sum(dim=1)


class TaskHead(nn.Module):
    """Classifier on the unit sphere.

    Parameters
    ----------
    dim : int
        Features coming in.
    num_outputs : int
        Outputs of the task.
    dropout : float
        Probability of dropping a feature.
    """

    def __init__(self, dim, num_outputs, dropout=0):
        super().__init__()
        self.dropout = dropout
        self.fc = nn.Linear(dim, num_outputs)

    def forward(self, x):
        x = F.normalize(x, p=2.0, dim=-1)
        return self.fc(F.dropout(x, p=float(self.dropout) if torch.jit.is_scripting() else self.dropout, training=self.training))


class MultiTaskNet(nn.Module):
    """Encoder, pooling and heads.

    Parameters
    ----------
    input_size : int
        Features of each step.
    tasks : dict of str to int
        Number of outputs by task.
    main : str
        Task whose head also gives the embedding's score.
    """

    def __init__(self, input_size, tasks, hidden_size=6, main='speaker', cells=('gru', 'gru')):
        super().__init__()
        self.main = main
        self.tasks = list(tasks)
        self.encoder = ResidualGRU(input_size, hidden_size, cells)
        self.pool = MeanPool()
        self.heads = nn.ModuleDict({f'{task}_head': TaskHead(hidden_size, n) for task, n in tasks.items()})
        self.scale = nn.ParameterList([nn.Parameter(torch.rand(1)) for _ in tasks])

    def forward(self, x, hidden: Optional[List[torch.Tensor]] = None, lengths: Optional[torch.Tensor] = None, tasks: Optional[List[str]] = None):
        """
        Parameters
        ----------
        x : Tensor
            Of shape (batch, time, features).
        hidden : list of Tensor, optional
            States of the encoder.
        lengths : Tensor, optional
            Number of real steps of each sample.
        tasks : list of str, optional
            Tasks to run; all when left out.
        """
        feats, hidden = self.encoder(x, hidden)
        pooled = self.pool(feats, lengths)
        outputs = {}
        for i, task in enumerate(self.tasks):
            if tasks is None or task in tasks:
                if f'{task}_head' not in self.heads:
                    raise KeyError(f'{task}_head')
                for key, head in self.heads.items():
                    if key == f'{task}_head':
                        outputs[task] = head(pooled) * [p for p in self.scale][i]
        for module_key, heads_i in self.heads.items():
            if module_key == self.main + '_head':
                score = heads_i(pooled).logsumexp(dim=-1)
                return outputs, score, hidden
        raise KeyError(self.main + '_head')


def entry():
    """With and without state, lengths and a choice of tasks; other tasks and cells in a second network."""
    torch.manual_seed(0)
    net = MultiTaskNet(5, {'speaker': 4, 'emotion': 3, 'age': 1}).eval()
    x, lengths = torch.randn(2, 7, 5), torch.tensor([7, 4])
    yield net, (x,)
    yield net, (x, [torch.randn(1, 2, 6), torch.randn(1, 2, 6)]), {'lengths': lengths}
    yield net, (x,), {'tasks': ['age', 'emotion']}
    other = MultiTaskNet(3, {'word': 5, 'language': 2}, main='language', cells=('rnn', 'gru', 'gru')).eval()
    yield other, (torch.randn(1, 4, 3), None, torch.tensor([3]))

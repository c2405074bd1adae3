"""Encoder and decoder of a small transformer; every mask is optional and goes through four levels of calls."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor
from typing import Optional


def attend(query, key, value, mask: Optional[Tensor] = None, dropout: float = 0, training: bool = False):
    """Scaled dot-product attention.

    Args:
        query (Tensor): Of shape (batch, length, dim).
        key (Tensor): Of shape (batch, source, dim).
        value (Tensor): Of shape (batch, source, dim).
        mask (Tensor, optional): True where attention is allowed, broadcast to (batch, length, source).
        dropout (float): Probability of dropping a weight.
        training (bool): Whether to drop at all.
    """
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    weights = scores.softmax(dim=-1)
    if dropout:
        weights = F.dropout(weights, p=dropout, training=training)
    return torch.matmul(weights, value), weights


class Head(nn.Module):
    """One attention head with its own projections."""

    def __init__(self, dim, head_dim, dropout=0):
        super().__init__()
        self.query = nn.Linear(dim, head_dim, bias=False)
        self.key = nn.Linear(dim, head_dim, bias=False)
        self.value = nn.Linear(dim, head_dim)
        self.dropout = dropout

    def forward(self, x, memory: Optional[Tensor] = None, mask: Optional[Tensor] = None):
        source = x if memory is None else memory
        return attend(self.query(x), self.key(source), self.value(source), mask, float(self.dropout) if torch.jit.is_scripting() else self.dropout, self.training)


class Attention(nn.Module):
    """Heads in a list, so that some can be pruned."""

    def __init__(self, dim, num_heads, dropout=0):
        super().__init__()
        self.num_heads = num_heads
        self.heads = nn.ModuleList([Head(dim, dim // num_heads, dropout) for _ in range(num_heads)])
        self.proj = nn.Linear(dim, dim)

    def forward(self, x, memory: Optional[Tensor] = None, mask: Optional[Tensor] = None, need_weights: bool = False):
        outs, maps = [], []
        for head in self.heads:
            out, weights = head(x, memory, mask=mask)
            outs.append(out)
            maps.append(weights)
        out = self.proj(torch.cat(outs, dim=-1))
        if need_weights:
            return out, torch.stack(maps, dim=1)
        return out, None


class FeedForward(nn.Module):
    """Position-wise layers; negative inputs are cut in ``leaky`` mode only partly."""

    def __init__(self, dim, hidden, leaky=0, dropout=0):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)
        self.leaky = leaky
        self.dropout = dropout

    def forward(self, x):
        x = F.leaky_relu(self.fc1(x), negative_slope=float(self.leaky) if torch.jit.is_scripting() else self.leaky)
        return self.fc2(F.dropout(x, float(self.dropout) if torch.jit.is_scripting() else self.dropout, self.training))


class Block(nn.Module):
    """Self-attention, cross-attention where asked for, and the position-wise layers.

    Args:
        dim (int): Width of the model.
        num_heads (int): Number of heads.
        cross (bool): Attend to a memory as well.
        norm_first (bool): Normalise before each part rather than after it.
    """

    def __init__(self, dim, num_heads, dropout=0, cross=False, norm_first=True):
        super().__init__()
        self.norm_first = norm_first
        self.attn = Attention(dim, num_heads, dropout)
        self.cross = Attention(dim, num_heads, dropout) if cross else None
        self.ffn = FeedForward(dim, dim * 2, dropout=dropout)
        self.norms = nn.ModuleList([nn.LayerNorm(dim) for _ in range(3)])

    def forward(self, x, mask: Optional[Tensor] = None, memory: Optional[Tensor] = None, memory_mask: Optional[Tensor] = None, need_weights: bool = False):
        residual = x
        if self.norm_first:
            x = self.norms[0](x)
        x, weights = self.attn(x, mask=mask, need_weights=need_weights)
        x = residual + x
        if not self.norm_first:
            x = self.norms[0](x)

        if self.cross is not None and memory is not None:
            x = x + self.cross(self.norms[1](x), memory, memory_mask)[0]

        residual = x
        x = residual + self.ffn(self.norms[2](x) if self.norm_first else x)
        if not self.norm_first:
            x = self.norms[2](x)
        return x, weights


class Transformer(nn.Module):
    """Reads a source and, where one is given, scores a target against it."""

    def __init__(self, vocab, dim=8, num_heads=2, depth=2, dropout=0, norm_first=True, max_len=16):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.register_buffer('positions', torch.randn(1, max_len, dim) * 0.1)
        self.register_buffer('causal', torch.tril(torch.ones(1, max_len, max_len)).bool())
        self.encoder = nn.ModuleList([Block(dim, num_heads, dropout, norm_first=norm_first) for _ in range(depth)])
        self.decoder = nn.ModuleList(
            [Block(dim, num_heads, dropout, cross=True, norm_first=norm_first) for _ in range(depth)])
        self.out = nn.Linear(dim, vocab)

    def add_positions(self, tokens, scale: Optional[int] = None):
        x = self.embed(tokens)
        if scale is not None:
            x = x * scale
        return x + self.positions[:, :tokens.shape[1]]

    def encode(self, src, src_mask: Optional[Tensor] = None, need_weights: bool = False):
        x = self.add_positions(src)
        all_weights = []
        for layer in self.encoder:
            x, weights = layer(x, src_mask, need_weights=need_weights)
            if weights is not None:
                all_weights.append(weights)
        return x, all_weights

    def forward(self, src, tgt: Optional[Tensor] = None, src_mask: Optional[Tensor] = None, tgt_mask: Optional[Tensor] = None, need_weights: bool = False):
        """
        Args:
            src (LongTensor): Token ids of shape (batch, source).
            tgt (LongTensor, optional): Token ids of shape (batch, target).
            src_mask (BoolTensor, optional): True for real tokens, of shape (batch, 1, source).
            tgt_mask (BoolTensor, optional): Of shape (batch, target, target); causal when left out.
            need_weights (bool): Return the encoder's attention maps too.
        """
        memory, all_weights = self.encode(src, src_mask, need_weights)
        if tgt is None:
            return self.out(memory), all_weights
        length = tgt.shape[1]
        if tgt_mask is None:
            tgt_mask = self.causal[:, :length, :length]
        x = self.add_positions(tgt, scale=2)
        for decoder_i in self.decoder:
            x, _ = decoder_i(x, tgt_mask, memory=memory, memory_mask=src_mask)
        return self.out(x), all_weights


def entry():
    """Every mask present and absent, with and without a target, both orders of the norms, dropout on."""
    torch.manual_seed(0)
    model, post = Transformer(11).eval(), Transformer(7, norm_first=False, dropout=0.25)
    src, tgt = torch.randint(0, 7, (2, 5)), torch.randint(0, 7, (2, 4))
    src_mask = torch.tensor([[[True, True, True, True, True]], [[True, True, True, False, False]]])
    yield model, (src,)
    yield model, (src, None, src_mask), {'need_weights': True}
    yield model, (src, tgt)
    yield model, (src, tgt, src_mask, torch.ones(2, 4, 4, dtype=torch.bool))
    yield post, (src, tgt, src_mask), {'need_weights': True}

# -*- coding: utf-8 -*-
"""Inverted-residual backbone in the MobileNet manner, with a wrapper that hands out its stages."""
import operator
from functools import reduce

import torch
from torch import nn
from typing import List, Optional


def make_divisible(v, divisor, min_value=None):
	"""Round ``v`` to a multiple of ``divisor`` without losing more than a tenth.

	:param v: the number of channels wished for
	:type v: float
	:param divisor: what the result must be a multiple of
	:type divisor: int
	:rtype: int
	"""
	if min_value is None:
		min_value = divisor
	new_v = max(min_value, int(v + divisor / 2) // divisor * divisor)
	return new_v + divisor if new_v < 0.9 * v else new_v


def conv_bn(inp, oup, stride):
	return nn.Sequential(
		nn.Conv2d(inp, oup, 3, stride, 1, bias=False),
		nn.BatchNorm2d(oup),
		nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
	"""Expand, filter per channel, project; add the input where the shapes allow."""

	def __init__(self, inp, oup, stride, expansion):
		super(InvertedResidual, self).__init__()
		hidden = round(inp * expansion)
		self.use_res_connect = stride == 1 and inp == oup
		layers = []
		if expansion != 1:
			layers += [nn.Conv2d(inp, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True)]
		layers += [
			nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
			nn.BatchNorm2d(hidden),
			nn.ReLU6(inplace=True),
			nn.Conv2d(hidden, oup, 1, bias=False),
			nn.BatchNorm2d(oup),
		]
		self.conv = nn.Sequential(*layers)

	def forward(self, x):
		if self.use_res_connect:
			return x + self.conv(x)
		return self.conv(x)


def _invertednet_squash(t):
	return torch.tanh(t)


class InvertedNet(nn.Module):
	"""The backbone.

	:param in_channels: channels of the image
	:param alpha: width multiplier
	:param num_classes: classes of the classifier, or None for a backbone without one
	:type num_classes: int, optional
	"""

	def __init__(self, in_channels, alpha=1.0, num_classes=None):
		super(InvertedNet, self).__init__()
		self.in_channels = in_channels
		self.num_classes = num_classes
		# t: expansion, c: channels, n: repeats, s: stride
		setting = [
			[1, 4, 1, 1],
			[2, 4, 2, 2],
			[2, 8, 2, 2],
			[2, 8, 2, 2],
			[2, 12, 1, 1],
		]
		width = make_divisible(4 * alpha, 4)
		self.features = [conv_bn(in_channels, width, 2)]
		for t, c, n, s in setting:
			oup = make_divisible(c * alpha, 4)
			for i in range(n):
				self.features.append(InvertedResidual(width, oup, s if i == 0 else 1, expansion=t))
				width = oup
		self.features = nn.Sequential(*self.features)
		self.out_channels = width
		self.squash = _invertednet_squash
		if self.num_classes is not None:
			self.classifier = nn.Linear(width, num_classes)

	def forward(self, x, feature_names: Optional[List[str]] = None):
		"""
		:param x: the image
		:type x: torch.Tensor
		:param feature_names: names of the stages to return (kept for older callers)
		:type feature_names: list[str], optional
		:returns: the classifier's logits, or the last stage
		"""
		# Stage1
		x = self.features[0](x)
		x = self.features[1](x)
		# Stage2
		x = self.features[2](x)
		x = self.features[3](x)
		# Stage3
		x = self.features[4](x)
		x = self.features[5](x)
		# Stage4 and 5
		for n, feature in enumerate(self.features):
			if n >= 6:
				x = feature(x)

		if self.num_classes is not None:
			x = x.mean(dim=(2, 3))
			x = self.classifier(x)
		return self.squash(x)


class StageEncoder(nn.Module):
	"""Hands out the features of a backbone at four scales and one descriptor made of them."""

	def __init__(self, backbone):
		super(StageEncoder, self).__init__()
		self.model = backbone
		self.enhance = nn.ModuleList([nn.Conv2d(backbone.out_channels, backbone.out_channels, 1) for _ in range(3)])

	def forward(self, x):
		whole = self.model(x)
		x = self.model.features[0](x)
		x = self.model.features[1](x)
		enc2x = x
		x = self.model.features[2](x)
		x = self.model.features[3](x)
		enc4x = x
		x = self.model.features[4](x)
		x = self.model.features[5](x)
		x = self.model.features[6](x)
		x = self.model.features[7](x)
		x = self.model.features[8](x)
		enc16x = x
		# every layer refines what the one before it left
		refined = whole
		for layer in self.enhance:
			refined = refined + layer(refined)
		feats = [enc2x, enc4x, enc16x, refined]
		pooled = [feat.mean(dim=(1, 2, 3)) for feat in feats]
		if len(pooled) == 0:
			raise TypeError("reduce() of empty iterable with no initial value")
		total = pooled[0]
		for item in pooled[1:]:
			total = total + item
		descriptor = total / len(pooled)
		if len(pooled) == 0:
			raise TypeError("reduce() of empty iterable with no initial value")
		strongest = pooled[0]
		for b in pooled[1:]:
			strongest = torch.maximum(strongest, b)
		return feats, torch.stack([descriptor, strongest], dim=1)


def entry():
	"""The backbone with and without a classifier, two widths, and the encoder around it."""
	torch.manual_seed(0)
	plain, classifier = InvertedNet(3).eval(), InvertedNet(1, alpha=1.5, num_classes=5).eval()
	yield plain, (torch.randn(1, 3, 32, 32),)
	yield classifier, (torch.randn(2, 1, 32, 48),)
	encoder = StageEncoder(InvertedNet(3)).eval()
	yield encoder, (torch.randn(2, 3, 32, 32),)

"""A small style-modulated decoder that can be steered by features of an encoder.

A latent code sets the style of every convolution, noise adds texture, and each resolution adds its
own image to the one of the resolution below.
"""
import math
import random

import torch
from torch import nn
from torch.nn import functional as F
from typing import List, Optional


class UnitLength(nn.Module):
    """Scale every latent code to unit second moment."""

    def forward(self, x):
        return x / (x.pow(2).mean(dim=1, keepdim=True) + 1e-8).sqrt()


class StyleModConv(nn.Module):
    """Convolution whose weight is scaled per sample by a style.

    Args:
        in_chan (int): Channels coming in.
        out_chan (int): Channels going out.
        kernel (int): Kernel size, odd.
        num_style (int): Length of the style vector.
        demodulate (bool): Normalise the scaled weight. Default: True.
        sample_mode (str | None): 'upsample', 'downsample' or None. Default: None.
    """

    def __init__(self, in_chan, out_chan, kernel, num_style, demodulate=True, sample_mode=None):
        super().__init__()
        self.out_chan, self.kernel = out_chan, kernel
        self.demodulate = demodulate
        self.sample_mode = sample_mode
        self.affine = nn.Linear(num_style, in_chan)
        nn.init.ones_(self.affine.bias)
        self.weight = nn.Parameter(torch.randn(out_chan, in_chan, kernel, kernel) / math.sqrt(in_chan * kernel**2))

    def forward(self, x, style):
        batch, chan, _, _ = x.shape
        scale = self.affine(style).reshape(batch, 1, chan, 1, 1)
        weight = self.weight.unsqueeze(0) * scale
        if self.demodulate:
            norm = weight.square().sum(dim=(2, 3, 4), keepdim=True)
            weight = weight * torch.rsqrt(norm + 1e-8)

        if self.sample_mode is not None:
            if self.sample_mode == 'upsample':
                x = F.interpolate(x, scale_factor=2.0, mode='bilinear', align_corners=False)
            elif self.sample_mode == 'downsample':
                x = F.interpolate(x, scale_factor=0.5, mode='bilinear', align_corners=False)

        # one group per sample: the batch moves into the channels and back
        h, w = x.shape[2:]
        weight = weight.reshape(batch * self.out_chan, chan, self.kernel, self.kernel)
        out = F.conv2d(x.reshape(1, batch * chan, h, w), weight, padding=self.kernel // 2, groups=batch)
        return out.view([batch, self.out_chan] + list(out.shape[2:4]))


class NoisyLayer(nn.Module):
    """Modulated convolution, noise and activation."""

    def __init__(self, in_chan, out_chan, num_style, sample_mode=None):
        super().__init__()
        self.conv = StyleModConv(in_chan, out_chan, 3, num_style, sample_mode=sample_mode)
        self.strength = nn.Parameter(torch.zeros(1))
        self.bias = nn.Parameter(torch.zeros(1, out_chan, 1, 1))

    def forward(self, x, style, noise: Optional[torch.Tensor] = None):
        out = self.conv(x, style)
        if noise is None:
            noise = torch.randn(out.shape[0], 1, out.shape[2], out.shape[3], device=out.device, dtype=out.dtype)
        out = out + self.strength * noise + self.bias
        return F.leaky_relu(out, negative_slope=0.2) * 2**0.5


class ToImage(nn.Module):
    """Project features to colours and add the image of the resolution below, when there is one."""

    def __init__(self, in_chan, num_style, upsample=True):
        super().__init__()
        self.upsample = upsample
        self.conv = StyleModConv(in_chan, 3, 1, num_style, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))

    def forward(self, x, style, skip: Optional[torch.Tensor] = None):
        out = self.conv(x, style) + self.bias
        if skip is not None:
            if self.upsample:
                skip = F.interpolate(skip, scale_factor=2.0, mode='bilinear', align_corners=False)
            out = out + skip
        return out


class StyleDecoder(nn.Module):
    """Decoder from latent codes to an image.

    Args:
        out_size (int): Side of the image, a power of two.
        num_style (int): Length of a latent code. Default: 8.
        width (int): Channels at every resolution. Default: 6.
        half (bool): Steer only half of the channels. Default: False.
    """

    def __init__(self, out_size, num_style=8, width=6, half=False):
        super().__init__()
        self.half = half
        self.num_style = num_style
        mapping = [UnitLength()]
        for _ in range(2):
            mapping += [nn.Linear(num_style, num_style), nn.LeakyReLU(0.2)]
        self.mapping = nn.Sequential(*mapping)

        self.log_size = int(math.log2(out_size))
        self.num_layers = (self.log_size - 2) * 2 + 1
        self.num_latent = self.log_size * 2 - 2
        self.start = nn.Parameter(torch.randn(1, width, 4, 4))
        self.conv_start = NoisyLayer(width, width, num_style)
        self.image_start = ToImage(width, num_style, upsample=False)
        self.convs = nn.ModuleList()
        self.to_images = nn.ModuleList()
        self.noises = nn.Module()
        for i in range(self.num_layers):
            side = 2 ** ((i + 5) // 2)
            self.noises.register_buffer(f'noise{i}', torch.randn(1, 1, side, side))
        for _ in range(3, self.log_size + 1):
            self.convs.append(NoisyLayer(width, width, num_style, sample_mode='upsample'))
            self.convs.append(NoisyLayer(width, width, num_style))
            self.to_images.append(ToImage(width, num_style))

    def forward(self,
                styles: List[torch.Tensor],
                conditions: Optional[List[torch.Tensor]] = None,
                noise: Optional[List[Optional[torch.Tensor]]] = None,
                randomize_noise: bool = True,
                truncation: float = 1,
                truncation_latent: Optional[torch.Tensor] = None,
                inject_index: Optional[int] = None,
                return_latents: bool = False):
        """
        Args:
            styles (list[Tensor]): One latent code, or two to mix, each of shape (b, num_style).
            conditions (list[Tensor], optional): Scale and shift per resolution. Default: None.
            noise (list[Tensor] | None): Noise per layer. Default: None.
            randomize_noise (bool): Draw noise anew when none is given. Default: True.
            truncation (float): Pull towards ``truncation_latent``. Default: 1.
            truncation_latent (Tensor | None): Mean latent code. Default: None.
            inject_index (int | None): Layer from which the second code takes over. Default: None.
            return_latents (bool): Also return the latent codes. Default: False.
        """
        styles = [self.mapping(s) for s in styles]
        if noise is None:
            if randomize_noise:
                noise = torch.jit.annotate(List[Optional[torch.Tensor]], [None]) * self.num_layers
            else:
                noise = torch.jit.annotate(List[Optional[torch.Tensor]], [buffer for _, buffer in self.noises.named_buffers()])
        if truncation < 1:
            styles = [(torch.jit._unwrap_optional(truncation_latent) if torch.jit.is_scripting() else truncation_latent) + truncation * (s - (torch.jit._unwrap_optional(truncation_latent) if torch.jit.is_scripting() else truncation_latent)) for s in styles]

        if len(styles) == 1:
            latent = styles[0].unsqueeze(1).repeat(1, self.num_latent, 1)
        elif len(styles) == 2:
            if inject_index is None:
                inject_index = int(torch.randint(1, self.num_latent, (1,)).item()) if torch.jit.is_scripting() else random.randint(1, self.num_latent - 1)
            first = styles[0].unsqueeze(1).repeat(1, inject_index, 1)
            second = styles[1].unsqueeze(1).repeat(1, self.num_latent - inject_index, 1)
            latent = torch.cat([first, second], dim=1)
        else:
            if torch.jit.is_scripting():
                raise UnboundLocalError("latent")

        out = self.start.repeat(latent.shape[0], 1, 1, 1)
        out = self.conv_start(out, latent[:, 0], noise=noise[0])
        skip = self.image_start(out, latent[:, 1])
        i = 1
        noise1s = noise[1::2]
        noise2s = noise[2::2]
        for j, (conv1, conv2, to_image) in enumerate(zip(self.convs[::2], self.convs[1::2], self.to_images)):
            if j < min(len(noise1s), len(noise2s)):
                noise1 = noise1s[j]
                noise2 = noise2s[j]
                out = conv1.forward(out, latent[:, i], noise=noise1) if torch.jit.is_scripting() else conv1(out, latent[:, i], noise=noise1)
                if conditions is not None:
                    if self.half:
                        same, steered = torch.split(out, out.shape[1] // 2, dim=1)
                        out = torch.cat([same, steered * conditions[i - 1] + conditions[i]], dim=1)
                    else:
                        out = out * conditions[i - 1] + conditions[i]
                out = conv2.forward(out, latent[:, i + 1], noise=noise2) if torch.jit.is_scripting() else conv2(out, latent[:, i + 1], noise=noise2)
                skip = to_image(out, latent[:, i + 2], skip)
                i += 2

        if return_latents:
            return skip, latent
        return skip, None


def entry():
    """Two sizes of the decoder; every optional argument present and absent."""
    torch.manual_seed(0)
    small, large = StyleDecoder(8).eval(), StyleDecoder(16, width=8, half=True).eval()
    one, two = [torch.randn(2, 8)], [torch.randn(2, 8), torch.randn(2, 8)]
    yield small, (one,), {'randomize_noise': False}
    yield small, (one,)
    yield small, (one,), {'randomize_noise': False, 'truncation': 0.5, 'truncation_latent': torch.randn(1, 8)}
    yield small, (two,), {'inject_index': 2, 'randomize_noise': False, 'return_latents': True}
    steer = [torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8), torch.randn(2, 4, 16, 16), torch.randn(2, 4, 16, 16)]
    yield large, (one, steer), {'noise': [torch.randn(1, 1, s, s) for s in (4, 8, 8, 16, 16)]}
    yield large, (one, steer), {'randomize_noise': False}

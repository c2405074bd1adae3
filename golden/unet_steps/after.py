"""U-Net variants for binary segmentation whose encoder and decoder are walked by index."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class DoubleConv(nn.Module):
    """Two 3x3 convolutions, each with batch norm and ReLU."""

    def __init__(self, in_channels, out_channels):
        super(DoubleConv, self).__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.conv(x)


class Gate(nn.Module):
    """Additive attention gate: lets the decoder choose what it takes from the skip."""

    def __init__(self, channels):
        super(Gate, self).__init__()
        self.query = nn.Conv2d(channels, channels // 2, 1)
        self.key = nn.Conv2d(channels, channels // 2, 1)
        self.score = nn.Conv2d(channels // 2, 1, 1)

    def forward(self, x, skip):
        attention = torch.sigmoid(self.score(F.relu(self.query(x) + self.key(skip))))
        return skip * attention


class UNet(nn.Module):
    """U-Net with transposed convolutions; ``ups`` holds them and the convolutions in turn.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    out_channels : int
        Number of maps to predict.
    features : tuple of int
        Channels at each level, from the finest.
    """

    def __init__(self, in_channels=3, out_channels=1, features=(4, 8, 16)):
        super(UNet, self).__init__()
        self.downs = nn.ModuleList()
        self.ups = nn.ModuleList()
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        for feature in features:
            self.downs.append(DoubleConv(in_channels, feature))
            in_channels = feature
        for feature in reversed(features):
            self.ups.append(nn.ConvTranspose2d(feature * 2, feature, kernel_size=2, stride=2))
            self.ups.append(DoubleConv(feature * 2, feature))
        self.bottleneck = DoubleConv(features[-1], features[-1] * 2)
        self.final_conv = nn.Conv2d(features[0], out_channels, kernel_size=1)

    def forward(self, x):
        skip_connections = []
        for down in self.downs:
            x = down(x)
            skip_connections.append(x)
            x = self.pool(x)

        x = self.bottleneck(x)
        skip_connections = skip_connections[::-1]

        for idx, up in enumerate(self.ups):
            if idx % 2 == 0:
                x = up(x)
                skip_connection = skip_connections[idx // 2]
                if x.shape != skip_connection.shape:
                    x = F.interpolate(x, size=skip_connection.shape[2:])
                concat_skip = torch.cat((skip_connection, x), dim=1)
                if idx + 1 >= len(self.ups):
                    raise IndexError(f"index {idx + 1} is out of range")
                for j, ups_j in enumerate(self.ups):
                    if j == idx + 1:
                        x = ups_j(concat_skip)

        return self.final_conv(x)


class GatedUNet(nn.Module):
    """U-Net with attention gates, several blocks a level and a prediction at every level.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    widths : sequence of int
        Channels at each level, from the finest.
    depths : sequence of int
        Blocks at each level.
    """

    def __init__(self, in_channels=3, widths=(4, 8, 8), depths=(1, 2, 1)):
        super(GatedUNet, self).__init__()
        self.num_levels = len(widths)
        self.stem = nn.Conv2d(in_channels, widths[0], 3, padding=1)
        self.levels = nn.ModuleList()
        self.norms = nn.ModuleList()
        self.pools = nn.ModuleList()
        self.gates = nn.ModuleList()
        self.decoders = nn.ModuleList()
        self.laterals = nn.ModuleList()
        self.sides = nn.ModuleList()
        previous = widths[0]
        for width, depth in zip(widths, depths):
            blocks = [DoubleConv(previous if i == 0 else width, width) for i in range(depth)]
            self.levels.append(nn.ModuleList(blocks))
            self.norms.append(nn.GroupNorm(2, width))
            previous = width
        for low, high in zip(widths[:-1], widths[1:]):
            self.pools.append(nn.AvgPool2d(2))
            self.laterals.append(nn.Conv2d(high, low, 1))
            self.gates.append(Gate(low))
            self.decoders.append(DoubleConv(low * 2, low))
            self.sides.append(nn.Conv2d(low, 1, 1))

    def encode(self, x):
        """Run the encoder and keep every level's features, the finest first."""
        feats = []
        for i in range(self.num_levels):
            if i >= len(self.levels):
                raise IndexError(f"index {i} is out of range")
            for j, level in enumerate(self.levels):
                if j == i:
                    for levels_i_i in level:
                        x = levels_i_i(x)
            if i >= len(self.norms):
                raise IndexError(f"index {i} is out of range")
            for k, norm in enumerate(self.norms):
                if k == i:
                    x = norm(x)
            feats.append(x)
            if i < self.num_levels - 1:
                if i >= len(self.pools):
                    raise IndexError(f"index {i} is out of range")
                for index, pool in enumerate(self.pools):
                    if index == i:
                        x = pool(x)
        return feats

    def forward(self, x):
        size = x.shape[-2:]
        feats = self.encode(self.stem(x))
        out = feats[-1]
        side_outs = []
        for i in range(len(self.decoders) - 1, -1, -1):
            if i >= len(self.laterals):
                raise IndexError(f"index {i} is out of range")
            for index, lateral in enumerate(self.laterals):
                if index == i:
                    out = F.interpolate(lateral(out), scale_factor=2.0, mode="nearest")
            if i >= len(self.gates):
                raise IndexError(f"index {i} is out of range")
            for index_2, (gate, decoder) in enumerate(zip(self.gates, self.decoders)):
                if index_2 == i:
                    skip = gate(out, feats[i])
                    out = decoder(torch.cat([out, skip], dim=1))
            side_outs.append(out)

        # the sides were stored coarse first, their convolutions fine first
        preds = []
        for i in range(len(side_outs)):
            if not -len(self.sides) <= len(self.sides) - 1 - i < len(self.sides):
                raise IndexError(f"index {len(self.sides) - 1 - i} is out of range")
            for j, side in enumerate(self.sides):
                if j in (len(self.sides) - 1 - i, len(self.sides) - 1 - i + len(self.sides)):
                    pred = side(side_outs[i])
                    preds.append(F.interpolate(pred, size=size, mode="bilinear", align_corners=False))
        k = 0
        fused = torch.zeros_like(preds[0])
        for _ in self.sides:
            fused = fused + preds[k]
            k += 1
        return fused / k, preds


def entry():
    """Both networks; sizes that halve evenly and one that does not; two depths of each."""
    torch.manual_seed(0)
    unet, shallow = UNet().eval(), UNet(1, 2, features=(4, 8)).eval()
    yield unet, (torch.randn(2, 3, 16, 24),)
    yield unet, (torch.randn(1, 3, 21, 19),)
    yield shallow, (torch.randn(1, 1, 8, 8),)
    gated, flat = GatedUNet().eval(), GatedUNet(1, widths=(4, 6), depths=(1, 1)).eval()
    yield gated, (torch.randn(2, 3, 16, 16),)
    yield flat, (torch.randn(1, 1, 8, 12),)

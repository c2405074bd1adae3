"""Portrait matting in three branches: a coarse semantic map, a fine detail map, and their fusion."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from typing import Optional


#------------------------------------------------------------------------------
#  基础模块
#------------------------------------------------------------------------------

class SplitNorm(nn.Module):
    """ 一半通道用批归一化，另一半用实例归一化
    """

    def __init__(self, in_channels):
        super(SplitNorm, self).__init__()
        self.batch_channels = int(in_channels / 2)
        self.inst_channels = in_channels - self.batch_channels

        self.bnorm = nn.BatchNorm2d(self.batch_channels, affine=True)
        self.inorm = nn.InstanceNorm2d(self.inst_channels, affine=False)

    def forward(self, x):
        batch_x = self.bnorm(x[:, :self.batch_channels, ...].contiguous())
        inst_x = self.inorm(x[:, self.batch_channels:, ...].contiguous())
        return torch.cat((batch_x, inst_x), 1)


class ConvUnit(nn.Module):
    """ 卷积 + 归一化 + 激活
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0,
                 with_norm=True, with_relu=True):
        super(ConvUnit, self).__init__()
        layers = [nn.Conv2d(in_channels, out_channels, kernel_size, stride=stride, padding=padding)]
        if with_norm:
            layers.append(SplitNorm(out_channels))
        if with_relu:
            layers.append(nn.ReLU(inplace=True))
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


class ChannelAttention(nn.Module):
    """ 通道注意力
    """

    def __init__(self, channels, reduction=2):
        super(ChannelAttention, self).__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // reduction, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(channels // reduction, channels, bias=False),
            nn.Sigmoid()
        )

    def forward(self, x):
        b, c, _, _ = x.size()
        w = self.pool(x).view(b, c)
        w = self.fc(w).view(b, c, 1, 1)
        return x * w.expand_as(x)


class Backbone(nn.Module):
    """ 四级下采样的小骨干网络，返回每一级的特征
    """

    enc_channels = [4, 6, 8, 8]

    def __init__(self, in_channels):
        super(Backbone, self).__init__()
        channels = [in_channels] + self.enc_channels
        self.stage1 = ConvUnit(channels[0], channels[1], 3, 2, 1, with_norm=False)
        self.stage2 = ConvUnit(channels[1], channels[2], 3, 2, 1)
        self.stage3 = ConvUnit(channels[2], channels[3], 3, 2, 1)
        self.stage4 = ConvUnit(channels[3], channels[4], 3, 2, 1)

    def forward(self, x):
        feats = []
        for stage in (self.stage1, self.stage2, self.stage3, self.stage4):
            x = stage.forward(x) if torch.jit.is_scripting() else stage(x)
            feats.append(x)
        return feats


#------------------------------------------------------------------------------
#  三个分支
#------------------------------------------------------------------------------

class SemanticBranch(nn.Module):
    """ 低分辨率分支: 语义
    """

    def __init__(self, backbone):
        super(SemanticBranch, self).__init__()
        channels = backbone.enc_channels
        self.backbone = backbone
        self.attention = ChannelAttention(channels[3])
        self.conv8x = ConvUnit(channels[3], channels[2], 3, 1, padding=1)
        self.conv_out = ConvUnit(channels[2], 1, 3, 1, padding=1, with_norm=False, with_relu=False)

    def forward(self, img, inference: bool):
        enc_features = self.backbone(img)
        enc2x, enc4x, enc16x = enc_features[0], enc_features[1], enc_features[3]

        enc16x = self.attention(enc16x)
        # 上采样两倍
        f8x = F.interpolate(enc16x, scale_factor=2.0, mode='bilinear', align_corners=False)
        f8x = self.conv8x(f8x)

        pred_semantic: Optional[torch.Tensor] = None
        if not inference:
            # 推理时不需要语义图
            pred_semantic = torch.sigmoid(self.conv_out(f8x))

        return pred_semantic, f8x, [enc2x, enc4x]


class DetailBranch(nn.Module):
    """ 高分辨率分支: 边缘细节
    """

    def __init__(self, width, enc_channels):
        super(DetailBranch, self).__init__()
        self.from_enc2x = ConvUnit(enc_channels[0], width, 1)
        self.enc2x_to_4x = ConvUnit(width + 3, width, 3, stride=2, padding=1)
        self.from_enc4x = ConvUnit(enc_channels[1], width, 1)
        self.merge4x = nn.Sequential(
            ConvUnit(2 * width + enc_channels[2] + 3, width, 3, padding=1),
            ConvUnit(width, width, 3, padding=1),
        )
        self.merge2x = ConvUnit(2 * width, width, 3, padding=1)
        self.conv_out = ConvUnit(width + 3, 1, 3, padding=1, with_norm=False, with_relu=False)

    def forward(self, img, enc2x, enc4x, f8x, inference: bool):
        img2x = F.interpolate(img, scale_factor=1 / 2, mode='bilinear', align_corners=False)
        img4x = F.interpolate(img, scale_factor=1 / 4, mode='bilinear', align_corners=False)

        enc2x = self.from_enc2x(enc2x)
        d4x = self.enc2x_to_4x(torch.cat((img2x, enc2x), dim=1))
        enc4x = self.from_enc4x(enc4x)
        f4x = F.interpolate(f8x, scale_factor=2.0, mode='bilinear', align_corners=False)
        d4x = self.merge4x(torch.cat((d4x, enc4x, f4x, img4x), dim=1))

        d2x = F.interpolate(d4x, scale_factor=2.0, mode='bilinear', align_corners=False)
        d2x = self.merge2x(torch.cat((d2x, enc2x), dim=1))

        pred_detail: Optional[torch.Tensor] = None
        if not inference:
            d = F.interpolate(d2x, scale_factor=2.0, mode='bilinear', align_corners=False)
            pred_detail = torch.sigmoid(self.conv_out(torch.cat((d, img), dim=1)))

        return pred_detail, d2x


class FusionBranch(nn.Module):
    """ 融合分支: 输出透明度
    """

    def __init__(self, width, enc_channels):
        super(FusionBranch, self).__init__()
        self.conv4x = ConvUnit(enc_channels[2], width, 5, 1, 2)
        self.conv2x = ConvUnit(2 * width, width, 3, 1, 1)
        self.conv_out = ConvUnit(width + 3, 1, 3, 1, 1, with_norm=False, with_relu=False)

    def forward(self, img, f8x, d2x):
        f4x = self.conv4x(F.interpolate(f8x, scale_factor=2.0, mode='bilinear', align_corners=False))
        f2x = F.interpolate(f4x, scale_factor=2.0, mode='bilinear', align_corners=False)
        f2x = self.conv2x(torch.cat((f2x, d2x), dim=1))
        f = F.interpolate(f2x, scale_factor=2.0, mode='bilinear', align_corners=False)
        return torch.sigmoid(self.conv_out(torch.cat((f, img), dim=1)))


class MattingNet(nn.Module):
    """ 完整网络

    Arguments:
        in_channels (int): 输入图像的通道数
        width (int): 细节分支的通道数
        freeze_norm (bool): 是否固定归一化层
    """

    def __init__(self, in_channels=3, width=4, freeze_norm=False):
        super(MattingNet, self).__init__()
        self.backbone = Backbone(in_channels)
        self.semantic_branch = SemanticBranch(self.backbone)
        self.detail_branch = DetailBranch(width, self.backbone.enc_channels)
        self.fusion_branch = FusionBranch(width, self.backbone.enc_channels)
        if freeze_norm:
            for m in self.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.eval()

    def forward(self, img, inference: bool = False):
        pred_semantic, f8x, (enc2x, enc4x) = self.semantic_branch(img, inference)
        pred_detail, d2x = self.detail_branch(img, enc2x, enc4x, f8x, inference)
        pred_matte = self.fusion_branch(img, f8x, d2x)

        return pred_semantic, pred_detail, pred_matte


def entry():
    """With the training outputs, without them, and with the flag left out; in both modes."""
    torch.manual_seed(0)
    net = MattingNet().eval()
    yield net, (torch.randn(1, 3, 32, 32), True)
    yield net, (torch.randn(2, 3, 32, 64), False)
    yield net, (torch.randn(1, 3, 64, 32),)
    yield MattingNet(width=6, freeze_norm=True), (torch.randn(2, 3, 32, 32),), {'inference': True}

"""What SF809 writes: functions that compute what torch's hook objects do, and the one that puts them in place."""

from __future__ import annotations

WEIGHT_HOOK = """\
def {name}(self, input: {Tuple}[{Tensor}]) -> None:
    self.weight = {_weight_norm}(self.weight_v, self.weight_g, self._norm_dim)"""

SPECTRAL_HOOK = """\
def {name}(self, input: {Tuple}[{Tensor}]) -> None:
    weight, u, v = self.weight_orig, self.weight_u, self.weight_v
    rows = weight.movedim(self._norm_dim, 0).reshape(weight.size(self._norm_dim), -1)
    if self.training:
        with {no_grad}():
            for _ in range(self._norm_steps):
                v = {normalize}({mv}(rows.t(), u), dim=0, eps=self._norm_eps, out=v)
                u = {normalize}({mv}(rows, v), dim=0, eps=self._norm_eps, out=u)
            u, v = u.clone(), v.clone()
    self.weight = weight / {dot}(u, {mv}(rows, v))"""

SPECTRAL_SETTINGS = ("                module._norm_steps, module._norm_eps = hook.n_power_iterations, hook.eps",)

# The compiler calls a hooked module only with all its arguments, and forward of a transposed convolution has two.
TRANSPOSED = """\
def {name}(self, input: {Tensor}) -> {Tensor}:
    return {call}(
        input, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
    )"""

PUT = """\
def {helper}(owner):
    \"""For torch.jit.script: functions that can be compiled in place of the hooks; they compute the same.\"""
    for module in owner.modules():
        for key, hook in module._forward_pre_hooks.items():
            if type(hook) not in {kinds} or hook.name != "weight":
                continue
            module._norm_dim = hook.dim
{cases}
    return owner"""

"""Examples of SF504."""

from __future__ import annotations

from scriptify.transform import Declines, Fires, Ignores

_HEAD = "import torch\nfrom collections import OrderedDict\n\n\ndef load(model, path):\n"
_CALL = "torch.nn.modules.utils.consume_prefix_in_state_dict_if_present"
_KEY = "k[7:] if k.startswith('module.') else k"


def _function(*lines: str) -> str:
    return _HEAD + "".join(f"    {line}\n" for line in lines) + "    return model\n"


def _loop(*body: str, read: str = "torch.load(path)", empty: str = "OrderedDict()", then: str = "model.load_state_dict(new)") -> str:
    return _function(f"state = {read}", f"new = {empty}", "for k, v in state.items():", *(f"    {line}" for line in body), then)


def _done(read: str = "torch.load(path)", *, behind: str = "", then: str = "model.load_state_dict(state)") -> str:
    return _function(f"state = {read}", f'{_CALL}(state, "module."){behind}', then)


EXAMPLES = (
    Fires(_loop(f"name = {_KEY}  # remove `module.`", "new[name] = v"), _done(behind="  # remove `module.`"), name="loop"),
    Fires(_loop(f"new[{_KEY}] = v", empty="{}"), _done(), name="in one line"),
    Fires(
        _function(
            "state = torch.load(path)",
            "# above the dict",
            "new = {}",
            "# above the loop",
            "for k, v in state.items():",
            "    # inside",
            f"    new[{_KEY}] = v",
            "model.load_state_dict(new)",
        ),
        _function(
            "state = torch.load(path)",
            "# above the dict",
            "# above the loop",
            "# inside",
            f'{_CALL}(state, "module.")',
            "model.load_state_dict(state)",
        ),
        name="comments on lines of their own",
    ),
    Fires(
        _loop("new[k.removeprefix('module.')] = v", read="torch.load(path, map_location='cpu')['state_dict']"),
        _done("torch.load(path, map_location='cpu')['state_dict']"),
        name="one entry of a container",
    ),
    Fires(
        _loop(f"new[{_KEY}] = v", then="model.load_state_dict(new, strict=True)"),
        _done(then="model.load_state_dict(state, strict=True)"),
        name="other arguments stay",
    ),
    Fires(
        _function("state = torch.load(path)", f"state = {{{_KEY}: v for k, v in state.items()}}", "model.load_state_dict(state)"),
        _done(),
        name="comprehension under the same name",
    ),
    Fires(
        _function("state = torch.load(path)", f"model.load_state_dict({{{_KEY}: v for k, v in state.items()}})"),
        _done(),
        name="comprehension as the argument",
    ),
    Declines(_loop(f"new[{_KEY}] = v", then="model.load_state_dict(new); print(len(state))"), because="would be seen", name="read again"),
    Declines(_loop(f"new[{_KEY}] = v", then="torch.save(model.load_state_dict(new) or new, path)"), because="goes elsewhere", name="saved"),
    Declines(_loop(f"new[{_KEY}] = v", read="torch.load(path)[0]"), because="not just what torch.load gave", name="an unknown entry"),
    Declines(
        "import torch\n\n\ndef load(model, state):\n    new = {}\n    for k, v in state.items():\n"
        f"        new[{_KEY}] = v\n    model.load_state_dict(new)\n",
        because="not just what torch.load gave",
        name="the caller's dict",
    ),
    Declines(
        _loop(f"name = {_KEY}", "new[name] = v", then="model.load_state_dict(new).last = name"),
        because="used outside of the loop",
        name="the loop's own names",
    ),
    Ignores(_loop(f"new[{_KEY}] = v.float()"), name="other values"),
    Ignores(_loop("new[k[7:]] = v"), name="for SF502 first"),
    Ignores(_loop("new[k.replace('module.', '')] = v"), name="more than a prefix"),
    Ignores(_loop("if 'head' not in k:", f"    new[{_KEY}] = v"), name="some keys only"),
    Ignores(_loop("new[k[6:] if k.startswith('module.') else k] = v"), name="another length"),
)

"""Names for the methods and attributes that a rewrite adds to a class: none that a class above or below it, or torch, uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Class, Facts
from scriptify.tree.core import Tree

# What nn.Module, the modules of torch.nn and what scripting makes of them keep under names of one underscore.
OF_TORCH = frozenset(
    """
    _all_weights _apply _apply_instance_norm _backward_hooks _backward_pre_hooks _buffers _c _call_impl _ceil_div _check_input_dim
    _check_non_zero_input_channels _compiled_call_impl _compute_batch_chunk_size _concrete_type _constants_set _construct _conv_forward
    _disable_script_meta _ff_block _fill_padding_idx_with_zero _finalize_scriptmodule _flat_weight_refs _flat_weights _flat_weights_names
    _forward_hooks _forward_hooks_always_called _forward_hooks_with_kwargs _forward_pre_hooks _forward_pre_hooks_with_kwargs
    _get_abs_string_index _get_backward_hooks _get_backward_pre_hooks _get_full_log_prob _get_in_channels _get_item_by_idx _get_name
    _get_no_batch_dim _get_num_spatial_dims _handle_no_batch_input _infer_parameters _init_flat_weights _initialize_hook _initializing
    _is_full_backward_hook _is_protocol _jit_override_qualname _key_to_attr _keys _lazy_load_hook _load_from_state_dict _load_hook
    _load_state_dict_post_hooks _load_state_dict_pre_hooks _mask _maybe_warn_non_full_backward_hook _methods _mha_block _modules
    _named_members _non_persistent_buffers_set _output_padding _parameters _qkv_same_embed_dim _random_samples _reconstruct
    _register_load_state_dict_pre_hook _register_state_dict_hook _replicate_for_data_parallel _require_tuple_int _reset_parameters
    _resolve_auto_acc_dtype _reversed_padding_repeated_twice _sa_block _save_for_lite_interpreter _save_to_buffer_for_lite_interpreter
    _save_to_state_dict _size _slow_forward _state_dict_hooks _state_dict_pre_hooks _update_flat_weights _version _weights_have_changed
    _wrapped_call_impl
    """.split()
)
# Bases from outside the project whose names are all known: others may use any name.
_KNOWN_BASES = ("torch.nn.", "torch.jit.ScriptModule", "object", "builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol")


def member_name(tree: Tree, facts: Facts, owner: Class | None, wanted: str, used: frozenset[str] = frozenset()) -> str:
    """``wanted``, or with the class's name or a number in it where a class above or below, torch, or ``used`` has that name.

    A base class that is not in sight may use any name: there the class's own name always stands in it.
    """
    if owner is None:
        taken, full, name = OF_TORCH | used, wanted, wanted
    else:
        taken = family_names(facts, owner) | OF_TORCH | used
        taken |= {attribute.attr.value for attribute in tree.find(cst.Attribute)}
        class_ = f"_{owner.qualname.rpartition('.')[2].strip('_').lower()}_"
        full = wanted if wanted.startswith(class_) else f"{class_}{wanted.strip('_')}"
        name = full if wanted in taken or out_of_sight(facts, owner) else wanted
    base, number = name, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name


def words(tree: Tree) -> frozenset[str]:
    """All that stands in a file, strings and comments too: what none of it names, no ``setattr`` of it reaches."""
    return frozenset(re.findall(r"\w+", tree.text))


def family(facts: Facts, owner: Class) -> Iterator[Class]:
    """The class, those above and below it, and those above these: a class mixed in with another one shares its instances."""
    seen: set[str] = set()
    for below in (owner, *facts.descendants(owner)):
        for item in (below, *facts.ancestors(below)):
            if item.key not in seen:
                seen.add(item.key)
                yield item


def family_names(facts: Facts, owner: Class) -> frozenset[str]:
    """The methods and attributes that the project gives to instances of a class."""
    found = family(facts, owner)
    return frozenset(word for item in found for word in (*item.methods, *item.attributes, *item.annotations, *item.properties))


def out_of_sight(facts: Facts, owner: Class) -> bool:
    """Whether a base class of the family, whose names may be any, stands neither in the project nor in torch."""
    bases = {base for item in family(facts, owner) for base in item.bases if base not in facts.classes}
    return any(not base.startswith(_KNOWN_BASES) for base in bases)

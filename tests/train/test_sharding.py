"""A model that is shared out can be had whole, and is saved as it would be otherwise; how it trains is in test_ranks."""

from __future__ import annotations

import pytest

from hesui.models.base import load_base
from hesui.models.registry import Registry
from hesui.settings import Settings
from hesui.train.worker.ranks import Ranks

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture
def lone(tmp_path):
    """The view of a process that shares with nobody, which takes the same way."""
    from torch import distributed

    distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'all'}", rank=0, world_size=1)
    yield Ranks()
    distributed.destroy_process_group()


@pytest.fixture
def shared_out(lone, base):
    """Such a model, all of whose weights are trained, and what it was before: its weights, an input and its logits."""
    import torch

    from hesui.train.worker.sharding import Shards

    settings = Settings(base_model=str(base), device="cpu", dtype="float32", threads=1)
    loaded = load_base(Registry(settings).base(), settings)
    model = loaded.model.requires_grad_(True)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    ids = torch.arange(5, 25)[None]
    with torch.no_grad():
        logits = model(input_ids=ids).logits
    shards = Shards(loaded, lone)
    # As TRL does it, which would lead a copy back to the model itself.
    model.forward = model.forward
    shards.share_out(model)
    return shards, model, before, (ids, logits)


def test_inside_whole_the_model_computes_as_before_and_afterwards_no_copy_is_held(shared_out):
    import torch

    shards, _, _, (ids, logits) = shared_out
    with shards.whole() as base, torch.no_grad():
        assert torch.equal(base.model(input_ids=ids).logits, logits)
        assert all(type(weight) is torch.nn.Parameter for weight in base.model.parameters())
    assert {weight.device.type for weight in base.model.parameters()} == {"meta"}


def test_all_weights_of_a_model_are_saved_and_those_that_two_layers_share_once(shared_out):
    import torch

    shards, _, before, _ = shared_out
    state = shards.entire()
    assert state.keys() == before.keys()
    assert all(torch.equal(state[name], weight) for name, weight in before.items())
    assert state["lm_head.weight"] is state["model.embed_tokens.weight"]


def test_an_optimizer_tells_its_state_whole_and_takes_it_back(shared_out):
    import torch
    from torch.distributed.tensor import DTensor

    shards, model, *_ = shared_out
    weights = [*model.parameters()]
    first, second = (torch.optim.AdamW(weights, lr=1e-3) for _ in range(2))
    for optimizer in (first, second):
        shards.watch(optimizer)
    for weight in weights:
        weight.grad = weight.detach() * 2
    first.step()
    told = first.state_dict()
    assert not any(isinstance(one, DTensor) for moments in told["state"].values() for one in moments.values())
    second.load_state_dict(told)
    for weight in weights:
        mine, theirs = first.state[weight], second.state[weight]
        assert isinstance(theirs["exp_avg"], DTensor)
        assert torch.equal(mine["exp_avg"].full_tensor(), theirs["exp_avg"].full_tensor())
        assert mine["step"] == theirs["step"] == 1

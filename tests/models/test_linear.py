from collections.abc import Callable

import pytest
import torch
from torch import nn

from hesui.models.linear import hasten


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5,), (1, 5), (2, 5), (3, 1, 5), (2, 1, 5), (1, 2, 5), (7, 5), (2, 3, 5)], ids=str)
def test_the_other_order_gives_the_same_product(shape: tuple[int, ...], bias: bool) -> None:
    layer = nn.Linear(5, 4, bias=bias)
    x = torch.randn(shape)
    expected = layer(x)
    hasten(nn.Sequential(layer))
    found = layer(x)
    torch.testing.assert_close(found, expected)
    assert found.is_contiguous()


def test_every_linear_layer_of_a_model_is_hastened_and_stays_one(random_model: Callable) -> None:
    model = random_model(90)
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    hasten(model)
    assert linear == [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    assert len({type(layer) for layer in linear}) == 1
    tokens = torch.arange(2, 4).unsqueeze(1)
    with torch.inference_mode():
        torch.testing.assert_close(model(tokens).logits, random_model(90)(tokens).logits)

"""Callbacks that let a `goodfit.Doctor` observe a training with Keras or PyTorch."""

from goodfit.hooks.keras import keras_callback
from goodfit.hooks.torch import TorchHooks

__all__ = ["TorchHooks", "keras_callback"]

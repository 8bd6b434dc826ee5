"""What can be searched: tier by tier in the seed's order of importance, with its usual scale and range."""

from typing import NamedTuple

from goodfit.plan import Plan


class Usual(NamedTuple):
    """A hyperparameter's tier, 1 the most important, and its usual scale and range; empty where none is usual."""

    tier: int
    text: str


LAST_TIER = 4  # of the seed's list; what stands in tier 5 is searched only when it is named
USUAL = {
    "learning_rate": Usual(1, "log:1e-4..1e-1"),  # seed: 0.0001 to 1; above 0.1, Adam rarely learns
    "beta1": Usual(2, "one-minus-log:0.9..0.999"),  # seed: an appropriate scale
    "batch_size": Usual(2, "power:16..256"),  # seed: powers of two; 256 is `train`'s for the largest tables
    "units": Usual(2, "ladder:16..256"),  # up to the width of the default network
    "layers": Usual(3, "integer:1..4"),  # the default network has 3
    "decay": Usual(3, "choice:constant,exponential,one_cycle"),  # none, the seed's 0.95^epoch, and the default
    "weight_decay": Usual(4, "log:1e-4..1"),  # Loshchilov & Hutter 2019; the default is 0.01
    "l2": Usual(4, "log:1e-2..1e2"),  # around the 1 that the recipe begins with
    "activation": Usual(4, "choice:relu,tanh,silu"),  # seed: ReLU and tanh; SiLU is the default network's
    "beta2": Usual(4, "one-minus-log:0.9..0.9999"),  # around 0.999 and 0.99 (course notes: Adam, RMSprop)
    "keep_prob": Usual(4, "one-minus-log:0.5..0.98"),  # seed: 0.5 for wide layers, up to nearly 1
    "epsilon": Usual(5, "log:1e-8..1e-3"),  # seed: 1e-8, which is seldom tuned
    "decay_rate": Usual(5, "log:0.01..0.9"),  # its meaning is the decay's, but it is a factor or share in each
    "optimizer": Usual(5, "choice:momentum,rmsprop,adam"),  # the seed's, without plain descent
    "architecture": Usual(5, "choice:plain,residual"),
    "batch_norm": Usual(5, "choice:none,before,after"),
    "batch_norm_beta": Usual(5, "one-minus-log:0.9..0.999"),  # an average as momentum's
    "initialization": Usual(5, "choice:he,xavier"),  # seed: weight initialization
    "preparation": Usual(5, "choice:standard,robust,quantile,piecewise"),
    "l1": Usual(5, "log:1e-2..1e2"),  # as l2
    "input_keep_prob": Usual(5, "one-minus-log:0.8..0.99"),  # seed: near 1 for the inputs
    "clip_norm": Usual(5, "log:0.1..10"),  # around 1, the usual choice
    "label_smoothing": Usual(5, "log:0.01..0.2"),  # up to what the recipe tries
    "class_balance": Usual(5, "linear:0..1"),  # the whole range
    "augmentation": Usual(3, "linear:0..1"),  # of images: from none to much
    "flip": Usual(5, "linear:0..0.5"),
    "layer": Usual(5, ""),
    "depth": Usual(5, ""),
    "epochs": Usual(5, ""),  # a search is given its length, and cuts it where that pays
    "patience": Usual(5, ""),
    "snapshots": Usual(5, ""),
}
_ACTIVE = {"beta1": ("momentum", "adam"), "beta2": ("rmsprop", "adam")}


def applies(name: str, base: Plan) -> bool:
    """Whether it does anything in plans like this one; of L2 and weight decay, the one that the plan has, or L2."""
    if name == "augmentation":
        return base.layer == "convolutional"
    if name in ("units", "layers", "preparation"):  # of a convolutional network, what is halved where hangs on them
        return base.layer == "dense"
    if name in ("l2", "weight_decay"):
        return (name == "weight_decay") == (base.weight_decay > 0)
    return base.optimizer in _ACTIVE.get(name, (base.optimizer,))

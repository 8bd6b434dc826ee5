"""goodfit trains a neural network to a good fit, and proves why it fits."""

"""Networks: layers, architectures, first weights and losses, each written for one model and one mini-batch."""

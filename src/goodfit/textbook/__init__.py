"""The algorithms of the course notes that goodfit grew from, one short module per topic, in plain NumPy and float64.

Read it to learn how a network is trained; the tests hold the engine equal to it, number for number. Examples stand in
columns, as in the course notes: X is `(n_x, m)`, Y is `(n_y, m)`; layers are counted from 1, and parameters and
gradients are dicts with the same names: W1 `(n1, n0)`, b1 `(n1, 1)`, with batch norm gamma1 and beta1 `(n1, 1)`.
The engine has examples in rows, so its W is this W transposed. Where the notes slip, the module says so and corrects
them.

In the order of the course notes:

- splits: training, dev and test sets
- normalizing: inputs of mean 0 and deviation 1
- initialization: the first weights
- activations: functions that a layer applies to z, and their slopes
- softmax: the output for C classes, and its derivative
- costs: the quantity that training lowers, and the penalties
- batch_norm: z with a mean and deviation that are learned
- dropout: a different part of the network in each step
- propagation: the whole network, forward and back
- gradient_descent: the update, mini-batches, and a whole training
- averages: exponentially weighted averages
- optimizers: momentum, RMSprop, Adam, and L1's proximal step
- decay: the learning rate, epoch by epoch
- early_stopping: the best epoch on the dev set
- ensembles: several models, one output
- depth: vanishing and exploding signals
- gradient_checking: backpropagation compared with slopes measured by differences
- local_optima: minimum, saddle or plateau
- sampling: hyperparameters on their proper scale
"""

"""One model: a step of training, and the measurements at the end of an epoch. No model axis anywhere."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Num, UInt32

from goodfit.data.target_transform import QUANTILES, yeo_johnson_inverse
from goodfit.engine.augment import augment
from goodfit.engine.decay import learning_rate
from goodfit.engine.health import look, look_due
from goodfit.engine.minibatches import minibatch, shuffled
from goodfit.engine.optimizers import add_l2, descend, optimizer, shrink
from goodfit.engine.task import Data, Model, Program, State, TargetNumbers, Task, steps_per_epoch
from goodfit.nets.architectures import Averages, Dropout, Params, forward
from goodfit.nets.losses import LINEAR, errors, losses, penalty
from goodfit.nets.noise import fold
from goodfit.plan import Hyperparameters, Structure
from goodfit.record.run import LAYER_STATISTICS

GOING, STOPPED_EARLY, DIVERGED = 0, 1, 2
RECORDED = ("train_cost", "dev_cost", "train_error", "dev_error", "objective", "learning_rate")


def first_state(program: Program, hyperparameters: Hyperparameters, params: Params, averages: Averages) -> State:
    """Return the state before the first step."""
    model, zero = Model(params, averages), jnp.int32(0)
    infinity = jnp.asarray(jnp.inf, params[0]["W"].dtype)
    start = optimizer(program.structure, hyperparameters).init(params)
    none = jnp.zeros_like(infinity)
    return State(model, start, zero, none, none, model, infinity, zero, zero, zero)


def epoch_order(program: Program, task: Task, epoch: Int[Array, ""]) -> Int[Array, "places"]:
    """Return the training rows in this epoch's order; `epoch` counts from 0."""
    # The streams of a model's key: 1 is the order, 2 dropout, 3 augmentation. They depend on the epoch or step alone,
    # so that a training continues from a checkpoint without any state of a generator.
    return task.rows if program.whole_batch else shuffled(task.rows, task.m, fold(fold(task.key, 1), epoch))


def batch_cost(
    program: Program,
    task: Task,
    params: Params,
    inputs: Float[Array, "batch features"],
    targets: Num[Array, "batch"],
    key: UInt32[Array, ""],
) -> tuple[Float[Array, ""], Averages]:
    """Return the mean class-weighted loss of a mini-batch, and the moments that batch norm used."""
    h = task.hyperparameters
    logits, used = forward(program.structure, params, inputs, None, Dropout(key, h))
    example_losses = losses(program.output, logits, targets, h.label_smoothing)
    if program.output not in LINEAR:
        weights = task.class_weights**h.class_balance
        example_losses = example_losses * weights[targets.astype(jnp.int32)]
    return example_losses.mean(), used


def train_step(program: Program, data: Data, task: Task, state: State, order: Int[Array, "places"]) -> State:
    """Make one update from the next mini-batch of the epoch."""
    structure, h = program.structure, task.hyperparameters
    per_epoch = steps_per_epoch(program, task)
    rows = minibatch(order, state.step % per_epoch, structure.batch_size)
    inputs, targets = data.take(task.set, rows)
    key = fold(fold(task.key, 2), state.step)
    if structure.augmentation and structure.image:
        pictures = inputs.reshape(len(inputs), *structure.image)
        augmented = augment(
            pictures, fold(fold(task.key, 3), state.step), jnp.asarray(h.augmentation), jnp.asarray(h.flip)
        )
        inputs = augmented.reshape(inputs.shape)
    params = state.model.params
    (cost, used), gradients = jax.value_and_grad(
        lambda params: batch_cost(program, task, params, inputs, targets, key), has_aux=True
    )(params)
    # L2's gradient is added by hand, and L1 is a proximal step after the optimizer's, so the cost stays free of both.
    gradients = add_l2(gradients, params, h.l2 / task.m)
    direction, averages_of_gradients = optimizer(structure, h).update(gradients, state.optimizer, params)
    rate = learning_rate(structure.decay, h, state.step, per_epoch)
    moved = descend(params, direction, rate)
    if structure.l1:
        moved = shrink(moved, rate * h.l1 / (2 * task.m))
    # The sum over all weights, which only the recorded objective needs, is spared where there is no penalty.
    added = jax.lax.cond((h.l2 > 0) | (h.l1 > 0), lambda: penalty(params, h, task.m), lambda: jnp.zeros_like(cost))
    beta = h.batch_norm_beta
    averages, averaged = jax.tree.map(
        lambda v, theta: (beta * v + (1 - beta) * theta).astype(v.dtype),
        (state.model.averages, state.averaged),
        (used, jnp.ones_like(state.averaged)),
    )
    return state._replace(
        model=Model(moved, averages),
        optimizer=averages_of_gradients,
        step=state.step + 1,
        averaged=averaged,
        objective_sum=state.objective_sum + cost + added,
    )


def settled(state: State) -> Model:
    """Return the model as it predicts: with bias-corrected running averages (course notes: bias correction).

    The correction 1 − β^t is computed as the running average of 1, so it stays right when β changes during training.
    """
    return Model(state.model.params, jax.tree.map(lambda v: v / state.averaged, state.model.averages))


def predictive(program: Program, task: Task, state: State) -> Model:
    """Return the settled model with probabilities at the true frequencies of the classes.

    A cost with class weights w teaches odds of p·w (Elkan 2001, The foundations of cost-sensitive learning), so the
    output's bias loses the logarithm of the weights that it learned under.
    """
    model = settled(state)
    if program.output in LINEAR:
        return model
    learned = task.hyperparameters.class_balance * jnp.log(task.class_weights)
    excess = learned if program.output == "softmax" else learned[1:] - learned[:1]
    *hidden, last = model.params
    return model._replace(params=(*hidden, {**last, "b": last["b"] - excess.astype(last["b"].dtype)}))


def evaluate(program: Program, data: Data, task: Task, model: Model) -> Float[Array, "4"]:
    """Cost, and error rate or 1 − R², on the watched rows, without penalty, smoothing, class weights and dropout."""
    chunk = program.evaluation_chunk
    train_chunks = -(-task.watched_train // chunk)
    chunks = train_chunks + -(-task.watched_dev // chunk)

    def add(index: Int[Array, ""], measured: tuple[Array, Array]) -> tuple[Array, Array]:
        sums, outputs = measured
        # The first chunks are training rows, the others dev rows; what pads the last chunk of either does not count.
        rows = jax.lax.dynamic_slice(task.watched, (index * chunk,), (chunk,))
        in_dev = (index >= train_chunks).astype(jnp.int32)
        first = (index - in_dev * train_chunks) * chunk
        real = first + jnp.arange(chunk) < jnp.where(in_dev == 1, task.watched_dev, task.watched_train)
        inputs, targets = data.take(task.set, rows)
        logits, _ = forward(program.structure, model.params, inputs, model.averages, None)
        cost = jnp.where(real, losses(program.output, logits, targets), 0).sum()
        error = jnp.where(real, errors(program.output, logits, targets), 0).sum()
        if task.target is not None:
            line = task.target.slope * inputs[:, task.target.place]
            pair = jnp.stack([logits[:, 0] + line, targets + line])
            outputs = jax.lax.dynamic_update_slice(outputs, pair, (0, index * chunk))
        return sums.at[:, in_dev].add(jnp.stack([cost, error])), outputs

    outputs = jnp.zeros((2, 0 if task.target is None else len(task.watched)), data.dtype)
    sums, outputs = jax.lax.fori_loop(0, chunks, add, (jnp.zeros((2, 2), data.dtype), outputs))
    if task.target is not None:
        sums = sums.at[1].set(_squares_before_transform(program, task, task.target, outputs, train_chunks * chunk))
    means = (sums / jnp.stack([task.watched_train, task.watched_dev]).astype(sums.dtype)[None, :]).reshape(4)
    if program.output not in LINEAR:
        return means
    # 1 − R² of each set; where all targets are equal, scikit-learn's is 0 without a miss, else 1
    constant, squares = task.variances == 0, means[2:]
    unexplained = jnp.where(constant, jnp.sign(squares), squares / jnp.where(constant, 1, task.variances))
    return means.at[2:].set(unexplained.astype(means.dtype))


def _squares_before_transform(
    program: Program,
    task: Task,
    numbers: TargetNumbers,
    outputs: Float[Array, "2 watched"],
    first_dev: Int[Array, ""],
) -> Float[Array, "2"]:
    """Return the sums of squared misses of the training and the dev rows, in the reduced target.

    Predictions are corrected for the bias of the inverse by the training rows' residuals, as a predictor's are
    (`TargetTransform.backward`). Center and unit of the target are left out, since 1 − R² ignores them.
    """

    def inverse(values: Float[Array, "watched"]) -> Float[Array, "watched"]:
        if program.target_transform == "log":
            return jnp.exp(values) - numbers.power
        return yeo_johnson_inverse(values, numbers.power, numbers.complement, jnp)

    predicted, truth = outputs * numbers.scale + numbers.center
    places = jnp.arange(len(truth))
    in_train = places < task.watched_train
    in_dev = (places >= first_dev) & (places < first_dev + task.watched_dev)
    shifts = jnp.nanquantile(jnp.where(in_train, truth - predicted, jnp.nan), jnp.asarray(QUANTILES, truth.dtype))

    def add_inverse(index: Int[Array, ""], total: Float[Array, "watched"]) -> Float[Array, "watched"]:
        return total + inverse(jnp.clip(predicted + shifts[index], numbers.low, numbers.high))

    mean = jax.lax.fori_loop(0, len(QUANTILES), add_inverse, jnp.zeros_like(predicted)) / len(QUANTILES)
    squares = jnp.square(mean - inverse(truth))
    return jnp.stack([jnp.where(inside, squares, 0).sum() for inside in (in_train, in_dev)])


def recorded(structure: Structure) -> int:
    """Numbers in an epoch's record: RECORDED, then what a look sees of the inputs, each hidden layer and the output."""
    return len(RECORDED) + (structure.hidden_layers + 2) * len(LAYER_STATISTICS)


def end_epoch(program: Program, data: Data, task: Task, state: State) -> tuple[State, Float[Array, "recorded"]]:
    """Measure, record layer health, keep the best model, and check for early stopping and divergence."""
    h = task.hyperparameters
    model = predictive(program, task, state)
    measured = evaluate(program, data, task, model)
    per_epoch = steps_per_epoch(program, task)
    mean_objective = state.objective_sum / per_epoch
    rate = learning_rate(program.structure.decay, h, state.step - 1, per_epoch)  # of the step that was just made
    health = jax.lax.cond(
        look_due(task, state.step // per_epoch),
        lambda: look(program, data, task, state).reshape(-1),
        lambda: jnp.full(recorded(program.structure) - len(RECORDED), jnp.nan, data.dtype),
    )
    dev_cost = measured[1]
    better = dev_cost < state.best_cost  # False for NaN, so a diverged model keeps its best
    waited = jnp.where(better, 0, state.waited + 1)
    status = jnp.where((h.patience > 0) & (waited >= h.patience), STOPPED_EARLY, GOING)
    status = jnp.where(jnp.isfinite(mean_objective + measured.sum()), status, DIVERGED)
    state = state._replace(
        objective_sum=jnp.zeros_like(state.objective_sum),
        # A branch, so that parameters are copied after better epochs only; `where` would copy them after each.
        best=jax.lax.cond(better, lambda: model, lambda: state.best),
        best_cost=jnp.where(better, dev_cost, state.best_cost),
        best_step=jnp.where(better, state.step, state.best_step),
        waited=waited,
        status=status.astype(jnp.int32),
    )
    return state, jnp.concatenate([measured, jnp.stack([mean_objective, rate]).astype(measured.dtype), health])


def advance(
    program: Program,
    data: Data,
    task: Task,
    state: State,
    until: Int[Array, ""],
    records: Float[Array, "epochs recorded"],
) -> tuple[State, Float[Array, "epochs recorded"]]:
    """Train up to step `until` or the model's own end; fill a row of `records` for each completed epoch."""
    per_epoch = steps_per_epoch(program, task)
    first_epoch = state.step // per_epoch

    def going(carry: tuple[State, Array]) -> Array:
        return (carry[0].step < until) & (carry[0].status == GOING)

    def epoch(carry: tuple[State, Array]) -> tuple[State, Array]:
        state, records = carry
        number, place = state.step // per_epoch, state.step % per_epoch
        # `until` may be within an epoch: then the order is computed anew from the epoch's number when it goes on.
        order = epoch_order(program, task, number)
        steps = jnp.minimum(per_epoch - place, until - state.step)
        state = jax.lax.fori_loop(0, steps, lambda _, s: train_step(program, data, task, s, order), state)

        def measure() -> tuple[State, Array]:
            measured, record = end_epoch(program, data, task, state)
            return measured, records.at[number - first_epoch].set(record)

        return jax.lax.cond(state.step % per_epoch == 0, measure, lambda: (state, records))

    return jax.lax.while_loop(going, epoch, (state, records))

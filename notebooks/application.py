# ---
# jupyter:
#   autograder:
#     files:
#     - datasets/drawn_cats/train.h5
#     - datasets/drawn_cats/test.h5
#     helpers:
#     - module: dnn_app_utils
#       solved: step_by_step
#       title: The ten functions of the first assignment, ready to be put together.
#       imports:
#       - import numpy as np
#       - from dnn_utils import relu, relu_backward, sigmoid, sigmoid_backward
#       changes:
#       - function: initialize_parameters_deep
#         new: np.random.seed(1)
#         old: np.random.seed(3)
#       - function: initialize_parameters_deep
#         new: / np.sqrt(layer_dims[l - 1])
#         old: '* 0.01'
#       # np.dot fills the result with zeros first: for these pictures 20 MB in each iteration.
#       - function: linear_backward
#         new: W.T @ dZ
#         old: np.dot(W.T, dZ)
#     single_none: true
#   jupytext:
#     notebook_metadata_filter: autograder,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Application: a deep neural network that looks at pictures
#
# In the first assignment you wrote ten functions. Here you put them together, twice: into a network with **two
# layers** and into one with **as many layers as you like**. Both learn to tell pictures of cats from pictures of
# other things, and at the end you can show them a picture of your own.
#
# When you have finished, you can
#
# - turn a set of pictures into the matrix that a network takes;
# - write the loop that trains a network, and read its learning curve;
# - say why the size of the first random weights decides whether a deep network learns at all;
# - look at what a network gets wrong, and draw conclusions.
#
# Plan about 20 minutes for reading, 30 minutes for the exercises, and a few minutes for the computer to train.
#
# ## How this notebook works
#
# There are two exercises, each a function with several gaps between `### START CODE HERE ###` and
# `### END CODE HERE ###`. All gaps of a function together are one training loop. Each function is worth 50 points, in
# three parts that count on their own. Under each function you will find a small example with its **expected output**
# and locked cells that check your function, before you spend minutes on training with pictures.
#
# The ten functions come from the module `dnn_app_utils`. They are the ones of the first assignment, with a few small
# changes; the one that matters is what section 6 is about. So you can start here even if not all of yours worked.

# %% [markdown]
# ## 1 Packages
#
# - [NumPy](https://numpy.org) computes with arrays, [Matplotlib](https://matplotlib.org) draws.
# - `dnn_lab.pictures` reads sets of pictures, and single pictures of your own.
# - `dnn_app_utils` has the ten functions.
# - `dnn_lab.training` shows a progress bar and the learning curve while a network learns.
# - `dnn_lab.figures` puts pictures into the notebook, each with a text that says what it shows.
# - `testCases_application` has the small examples and the checks.

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
from dnn_app_utils import *
from dnn_lab.figures.output import Picture, show
from dnn_lab.pictures import load_data, load_picture
from testCases_application import *
from dnn_lab.training import Training

# %matplotlib inline
plt.rcParams["figure.figsize"] = (5.0, 4.0)  # inches
plt.rcParams["image.interpolation"] = "nearest"

# %load_ext autoreload
# %autoreload 2

np.random.seed(1)

# %% [markdown]
# Where do you stand? Run the next cell whenever you like: it tries the functions that you have run so far, shows your
# points, and says what is next. Nothing leaves your computer.

# %% tags=["skip-execution"]
from dnn_lab.progress import show_progress

show_progress(EXERCISES, globals())

# %% [markdown]
# ## 2 The pictures
#
# The training set has 209 pictures and the test set 50. Each picture has 64 × 64 points, *pixels*, and each pixel
# three numbers from 0 to 255: how red, how green and how blue it is. The label is 1 for a cat and 0 for anything else.
#
# The pictures are **drawn by a program**, not photographed. A program can draw as many as one likes, and nobody's
# cat has to be asked for permission. If you have the photographs that this assignment is known for, or a folder of
# your own for each class, name the folder: `load_data("my_pictures")`. The function's docstring says what it accepts.

# %%
train_x_orig, train_y, test_x_orig, test_y, classes = load_data("datasets/drawn_cats")

print(f"training set: {train_x_orig.shape}, labels {train_y.shape}, {train_y.sum()} of them cats")
print(f"test set:     {test_x_orig.shape}, labels {test_y.shape}, {test_y.sum()} of them cats")

# %% [markdown]
# Look at some of them before you compute anything. Change `first` and run the cell again to see others.

# %% tags=["skip-execution"]
first = 0

figure, axes = plt.subplots(2, 8, figsize=(12, 3.4))
for place, index in zip(axes.ravel(), range(first, first + 16)):
    place.imshow(train_x_orig[index])
    place.set_title(f"{index}: {'cat' if train_y[0, index] else 'no cat'}", fontsize=9)
    place.axis("off")
figure.tight_layout()
cats = [index for index in range(first, first + 16) if train_y[0, index]]
show(Picture(figure, f"Pictures {first} to {first + 15} of the training set. These are cats: {cats}."))

# %% [markdown]
# **Predict, then run.** A network takes one column of numbers per example. How long is the column of one picture, and
# what is the shape of the matrix that holds the whole training set?
#
# Flattening writes all numbers of a picture below each other. The pixels' neighbourhood is lost on the way: to this
# network, a picture is a list. (Networks that keep the neighbourhood, *convolutional* ones, come later.) Dividing by
# 255 brings the numbers between 0 and 1, where the learning rates of this notebook are of the right size.

# %%
train_x = train_x_orig.reshape(train_x_orig.shape[0], -1).T / 255
test_x = test_x_orig.reshape(test_x_orig.shape[0], -1).T / 255

print(f"train_x: {train_x.shape}, from {train_x.min():.1f} to {train_x.max():.1f}")
print(f"test_x:  {test_x.shape}")

# %% [markdown]
# The `.T` matters. `reshape(-1, 209)` would give a matrix of the same shape without any error, and each of its columns
# would be a mixture of many pictures. When shapes fit by accident, only looking helps: the next cell takes one column
# and makes a picture of it again.

# %% tags=["skip-execution"]
figure, (left, right) = plt.subplots(1, 2, figsize=(5, 2.6))
left.imshow(train_x[:, 3].reshape(64, 64, 3))
left.set_title("column 3", fontsize=10)
right.imshow((train_x_orig.reshape(-1, train_x_orig.shape[0]) / 255)[:, 3].reshape(64, 64, 3))
right.set_title("column 3, wrongly flattened", fontsize=10)
for place in (left, right):
    place.axis("off")
show(Picture(figure, "Column 3 as a picture, twice: rightly flattened, it is picture 3; wrongly flattened, it is a pattern "
                     "of stripes made of many pictures."))

# %% [markdown]
# ## 3 Two architectures
#
# ![The two-layer network: each picture of 64 by 64 pixels with three colours is flattened into a column of 12288 numbers, passes a hidden layer of 7 RELU units with weights of shape (7, 12288), then one SIGMOID unit with weights of shape (1, 7), and becomes one number between 0 and 1.](images/two_layer_network.svg)
#
# *Figure 1. The two-layer network: LINEAR → RELU → LINEAR → SIGMOID.*
#
# ![The network with four layers: the same column of 12288 numbers passes hidden layers of 20, 7 and 5 RELU units and then one SIGMOID unit. The weights have the shapes (20, 12288), (7, 20), (5, 7) and (1, 5).](images/l_layer_network.svg)
#
# *Figure 2. A network with L = 4 layers: three times LINEAR → RELU, then LINEAR → SIGMOID.*
#
# Both are trained in the same circle. You know its parts:
#
# 1. **initialize** the parameters, once;
# 2. then repeat `num_iterations` times: **forward**, **cost**, **backward**, **update**.
#
# In this notebook an *iteration* is one round of that circle, over all pictures at once.

# %% [markdown]
# ## 4 The network with two layers
#
# Here you call the functions for a single layer, so that you see each array once. The parts that you need:
#
# | function | takes | gives |
# |:--|:--|:--|
# | `initialize_parameters` | the three sizes | the dictionary `parameters` |
# | `linear_activation_forward` | the activations of the layer before, `W`, `b`, the activation's name | the layer's activations, a cache |
# | `compute_cost` | the guesses, the labels | the cost |
# | `linear_activation_backward` | the gradient of the layer's activations, its cache, the activation's name | the gradients of the layer before, of `W`, of `b` |
# | `update_parameters` | the parameters, the gradients, the learning rate | the new parameters |
#
# > **Exercise 1: `two_layer_model`**
# > Difficulty 3 of 5 · importance 4 of 5 · about 20 minutes
# >
# > Write the training loop of the network in figure 1.
# >
# > - The hidden layer uses `"relu"`, the output layer `"sigmoid"`.
# > - The gradient with respect to `A2`, where the way back begins, is given.
# > - Add the cost to the list `costs` in iterations 0, 100, 200, ..., whether anything is shown or not.
#
# <details><summary>Hint 1: a question</summary>
#
# Which array goes into layer 1, and which into layer 2? On the way back it is the other way round: which gradient goes
# into layer 2 backward, and what does it send to layer 1?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# Each layer's backward function takes the cache that the *same* layer's forward function returned. Follow the names
# with 1 and 2 in them: nothing of layer 1 may reach layer 2 backward.
#
# </details>
# <details><summary>Hint 3: every 100th iteration</summary>
#
# `i % 100` is what remains of `i` when it is divided by 100. For which `i` is it zero?
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | the cost never changes | are the parameters made afresh in every iteration? Is there an update, and with which learning rate? |
# | `ValueError: ... not aligned` or `matmul: Input operand 1 has a mismatch` on the way back | the two caches are swapped |
# | the costs are right, the parameters are not | one more update than iterations, or one fewer? |
# | `costs` is empty, or has too many entries | the condition on `i`; it must not depend on `print_cost` |
# | the cost rises | which gradient and which cache stand in each line of the way back |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "two_layer_model", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: two_layer_model


def two_layer_model(X, Y, layers_dims, learning_rate=0.0075, num_iterations=2500, print_cost=False):
    """Train a network LINEAR -> RELU -> LINEAR -> SIGMOID.

    Arguments:
    X -- examples, shape (n_x, number of examples)
    Y -- true labels, 0 or 1, shape (1, number of examples)
    layers_dims -- the three sizes (n_x, n_h, n_y)
    learning_rate -- the step size of gradient descent
    num_iterations -- how often the circle of forward, cost, backward and update is run
    print_cost -- whether to show the progress and the learning curve

    Returns:
    parameters -- dictionary with W1, b1, W2 and b2
    costs -- list with the cost of iterations 0, 100, 200, ...
    """
    np.random.seed(1)
    n_x, n_h, n_y = layers_dims
    costs = []

    # Random parameters to start from.
    ### START CODE HERE ###
    parameters = initialize_parameters(n_x, n_h, n_y)
    ### END CODE HERE ###

    training = Training(num_iterations, shown=print_cost)
    for i in training:
        W1, b1 = parameters["W1"], parameters["b1"]
        W2, b2 = parameters["W2"], parameters["b2"]

        # Forward: from X and layer 1 to A1 and cache1, from A1 and layer 2 to A2 and cache2.
        ### START CODE HERE ###
        A1, cache1 = linear_activation_forward(X, W1, b1, "relu")
        A2, cache2 = linear_activation_forward(A1, W2, b2, "sigmoid")
        ### END CODE HERE ###

        # The cost of the guesses A2.
        ### START CODE HERE ###
        cost = compute_cost(A2, Y)
        ### END CODE HERE ###

        # Backward. The gradient with respect to A2 is given; layer 2 comes first.
        dA2 = -(np.divide(Y, A2) - np.divide(1 - Y, 1 - A2))
        ### START CODE HERE ###
        dA1, dW2, db2 = linear_activation_backward(dA2, cache2, "sigmoid")
        dA0, dW1, db1 = linear_activation_backward(dA1, cache1, "relu")
        ### END CODE HERE ###
        grads = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}

        # One step of gradient descent.
        ### START CODE HERE ###
        parameters = update_parameters(parameters, grads, learning_rate)
        ### END CODE HERE ###

        # Add the cost to costs if i is 0, 100, 200, ...
        ### START CODE HERE ###
        if i % 100 == 0:
            costs.append(cost)
        ### END CODE HERE ###

        training.show(i, cost)

    return parameters, costs


# %% [markdown]
# **Predict, then run.** A small problem first: 8 examples with 3 features. Before the first update the network knows
# nothing, and its weights are tiny. What is its first cost, to two digits? How many costs are recorded in 250
# iterations?

# %%
X_small, Y_small, sizes_small = two_layer_model_test_case()
parameters, costs = two_layer_model(X_small, Y_small, sizes_small, learning_rate=1.2, num_iterations=250)
for position, cost in enumerate(costs):
    print(f"cost in iteration {100 * position} = {cost:.6f}")
print(f"W2 = {parameters['W2']}")

# %% [markdown]
# **Expected output.** The first cost is that of a network that answers 0.5 to everything.
#
# | name | value |
# |:--|:--|
# | `cost in iteration 0` | `0.693174` |
# | `cost in iteration 100` | `0.036599` |
# | `cost in iteration 200` | `0.010554` |
# | `W2` | `[[-3.28705022 -2.57206501  1.39812122 -3.29506889]]` |

# %% nbgrader={"grade": true, "grade_id": "test_two_layer_model_costs", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
# 20 points: the costs of two_layer_model
assert check_two_layer_model(two_layer_model, "costs")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4101)
for sizes, m, rate, rounds, shown in [((4, 3, 1), 6, 0.8, 101, False), ((2, 5, 1), 9, 0.5, 100, True), ((5, 2, 1), 7, 1.5, 301, False)]:
    points, labels = rng.standard_normal((sizes[0], m)), (np.arange(m).reshape(1, m) % 3 == 0).astype(int)
    wanted, record = initialize_parameters(*sizes), []
    for step in range(rounds):
        guesses, stored = L_model_forward(points, wanted)
        record += [compute_cost(guesses, labels)] * (step % 100 == 0)
        wanted = update_parameters(wanted, L_model_backward(guesses, labels, stored), rate)
    got, recorded = train(two_layer_model, points, labels, sizes, rate, rounds, print_cost=shown)
    expect_costs(two_layer_model, record, recorded)
    if recorded is None:
        expect_parameters(two_layer_model, wanted, got)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_two_layer_model_parameters", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
# 20 points: the parameters of two_layer_model
assert check_two_layer_model(two_layer_model, "parameters")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4102)
for sizes, m, rate, rounds in [((4, 3, 1), 6, 0.8, 40), ((2, 5, 1), 9, 0.05, 120), ((5, 2, 1), 7, 2.5, 25)]:
    points, labels = rng.standard_normal((sizes[0], m)), (np.arange(m).reshape(1, m) % 3 == 0).astype(int)
    wanted = initialize_parameters(*sizes)
    for _ in range(rounds):
        guesses, stored = L_model_forward(points, wanted)
        wanted = update_parameters(wanted, L_model_backward(guesses, labels, stored), rate)
    expect_parameters(two_layer_model, wanted, train(two_layer_model, points, labels, sizes, rate, rounds)[0])
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_two_layer_model_short", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# 10 points: two_layer_model with 0 and 1 iterations
assert check_two_layer_model(two_layer_model, "short")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4103)
for sizes, m, rate in [((4, 3, 1), 6, 40.0), ((2, 5, 1), 9, 25.0)]:
    points, labels = rng.standard_normal((sizes[0], m)), (np.arange(m).reshape(1, m) % 3 == 0).astype(int)
    wanted = initialize_parameters(*sizes)
    guesses, stored = L_model_forward(points, wanted)
    before, none = train(two_layer_model, points, labels, sizes, rate, 0)
    expect_parameters(two_layer_model, wanted, before)
    expect_costs(two_layer_model, [], none)
    after, one = train(two_layer_model, points, labels, sizes, rate, 1)
    expect_costs(two_layer_model, [compute_cost(guesses, labels)], one)
    wanted = update_parameters(wanted, L_model_backward(guesses, labels, stored), rate)
    expect_parameters(two_layer_model, wanted, after)
### END HIDDEN TESTS

# %% [markdown]
# **Recall.** Answer without scrolling up.
#
# 1. Which of the arrays that the loop computes does the next iteration need?
# 2. The way back computes `dA0`. What would it be good for, and why is it not used here?
#
# <details><summary>Answers</summary>
#
# 1. Only `parameters`. Everything else is made afresh from them and the data.
# 2. It says how the cost would change with the pixels. They are given and not learned, so nothing is updated with it.
#
# </details>

# %% [markdown]
# ### 4.1 Training
#
# Now with the pictures. The progress bar shows the cost, and the curve grows below it; that takes a minute or less.
#
# **Predict, then run.** The set has many more features than pictures. Where will the accuracy on the training set
# end, and where that on the test set?

# %% tags=["skip-execution"]
n_x = train_x.shape[0]
begin = time.perf_counter()
parameters_two, costs_two = two_layer_model(train_x, train_y, (n_x, 7, 1), num_iterations=2500, print_cost=True)
print(f"{time.perf_counter() - begin:.0f} seconds")


# %%
def predict(X, parameters):
    """Return 1 for each column of X that the network holds to be more likely a cat than not.

    X -- examples, shape (number of features, number of examples)
    parameters -- what a model returned
    Returns an array of shape (1, number of examples).
    """
    AL, _ = L_model_forward(X, parameters)
    return (AL > 0.5).astype(int)


def accuracy(X, Y, parameters):
    """Return the share of the examples X that are classified as their labels Y say."""
    return float(np.mean(predict(X, parameters) == Y))


# %% tags=["skip-execution"]
print(f"first cost = {costs_two[0]:.4f}")
print(f"last cost = {costs_two[-1]:.4f}")
print(f"accuracy on the training set = {accuracy(train_x, train_y, parameters_two):.2f}")
print(f"accuracy on the test set = {accuracy(test_x, test_y, parameters_two):.2f}")

# %% [markdown]
# **Expected output.** After 2,500 steps the last digits depend on the machine; the third column says how far they may
# be off.
#
# | name | value | may differ by |
# |:--|:--|:--|
# | `first cost` | `0.6931` | 0.0002 |
# | `last cost` | `0.0923` | 0.05 |
# | `accuracy on the training set` | `1.00` | 0.02 |
# | `accuracy on the test set` | `0.94` | 0.06 |
#
# Look at the beginning of the curve. For the first 500 iterations hardly anything happens: the weights of both layers
# begin near zero, and each layer's gradient is a product with the other layer's weights. It takes a while until the
# first unit has found something to look for.

# %% [markdown]
# ## 5 The network with L layers
#
# The same circle, with the functions for a whole model. There is less to write than before, and it works for any
# number of layers.
#
# > **Exercise 2: `L_layer_model`**
# > Difficulty 2 of 5 · importance 5 of 5 · about 10 minutes
# >
# > Write the training loop for a network with the sizes in `layers_dims`.
#
# <details><summary>Hint 1: a question</summary>
#
# Each step of exercise 1 that you wrote once per layer has a function that does it for all layers. What does each of
# them take, and what does it return?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# What the way forward keeps for the way back is a list now, one cache per layer. The given line with `dA2` has gone:
# `L_model_backward` begins with the labels itself.
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | `TypeError: ... missing 1 required positional argument` | what each function takes, and in which order |
# | the first cost is about 0.69 and the later ones are wrong | which arrays go into `L_model_backward`, in which order |
# | works with `[4, 5, 3, 1]` and not with other sizes | is a size or a number of layers written out? |
# | the costs are right, the parameters are not | one more update than iterations, or one fewer? |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "L_layer_model", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: L_layer_model


def L_layer_model(X, Y, layers_dims, learning_rate=0.0075, num_iterations=2500, print_cost=False):
    """Train a network with (L-1) times LINEAR -> RELU, then LINEAR -> SIGMOID.

    Arguments:
    X -- examples, shape (number of features, number of examples)
    Y -- true labels, 0 or 1, shape (1, number of examples)
    layers_dims -- list with the size of the input and of each layer
    learning_rate -- the step size of gradient descent
    num_iterations -- how often the circle of forward, cost, backward and update is run
    print_cost -- whether to show the progress and the learning curve

    Returns:
    parameters -- dictionary with W1, b1, ..., WL, bL
    costs -- list with the cost of iterations 0, 100, 200, ...
    """
    np.random.seed(1)
    costs = []

    # Random parameters to start from.
    ### START CODE HERE ###
    parameters = initialize_parameters_deep(layers_dims)
    ### END CODE HERE ###

    training = Training(num_iterations, shown=print_cost)
    for i in training:
        # Forward through the whole network: the guesses AL and the caches.
        ### START CODE HERE ###
        AL, caches = L_model_forward(X, parameters)
        ### END CODE HERE ###

        # The cost of the guesses.
        ### START CODE HERE ###
        cost = compute_cost(AL, Y)
        ### END CODE HERE ###

        # Backward through the whole network.
        ### START CODE HERE ###
        grads = L_model_backward(AL, Y, caches)
        ### END CODE HERE ###

        # One step of gradient descent.
        ### START CODE HERE ###
        parameters = update_parameters(parameters, grads, learning_rate)
        ### END CODE HERE ###

        # Add the cost to costs if i is 0, 100, 200, ...
        ### START CODE HERE ###
        if i % 100 == 0:
            costs.append(cost)
        ### END CODE HERE ###

        training.show(i, cost)

    return parameters, costs


# %% [markdown]
# **Predict, then run.** The small problem has 4 features, and the network hidden layers of 5 and 3 units. How many
# arrays does `parameters` hold, and which shape does `W3` have?

# %%
X_small, Y_small, sizes_small = L_layer_model_test_case()
parameters, costs = L_layer_model(X_small, Y_small, sizes_small, learning_rate=0.3, num_iterations=250)
for position, cost in enumerate(costs):
    print(f"cost in iteration {100 * position} = {cost:.6f}")
print(f"W3 = {parameters['W3']}")

# %% [markdown]
# **Expected output.** The weights are larger at the start than in exercise 1, so the first cost is not quite 0.693.
#
# | name | value |
# |:--|:--|
# | `cost in iteration 0` | `0.697475` |
# | `cost in iteration 100` | `0.317493` |
# | `cost in iteration 200` | `0.245214` |
# | `W3` | `[[ 2.28684471 -0.63873825  0.13533997]]` |

# %% nbgrader={"grade": true, "grade_id": "test_L_layer_model_costs", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
# 20 points: the costs of L_layer_model
assert check_L_layer_model(L_layer_model, "costs")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(5201)
for sizes, m, rate, rounds, shown in [([4, 3, 1], 6, 0.3, 101, False), ([3, 1], 9, 0.5, 100, True), ([5, 4, 3, 2, 1], 7, 0.1, 301, False)]:
    points, labels = rng.standard_normal((sizes[0], m)), (np.arange(m).reshape(1, m) % 3 == 0).astype(int)
    wanted, record = initialize_parameters_deep(sizes), []
    for step in range(rounds):
        signal, stored = points, []
        for layer in range(1, len(sizes)):
            kind = "relu" if layer + 1 < len(sizes) else "sigmoid"
            signal, cache = linear_activation_forward(signal, wanted[f"W{layer}"], wanted[f"b{layer}"], kind)
            stored.append(cache)
        record += [compute_cost(signal, labels)] * (step % 100 == 0)
        slopes, back = {}, (signal - labels) / (signal * (1 - signal))
        for layer in range(len(sizes) - 1, 0, -1):
            kind = "relu" if layer + 1 < len(sizes) else "sigmoid"
            back, slopes[f"dW{layer}"], slopes[f"db{layer}"] = linear_activation_backward(back, stored[layer - 1], kind)
        wanted = update_parameters(wanted, slopes, rate)
    got, recorded = train(L_layer_model, points, labels, sizes, rate, rounds, print_cost=shown)
    expect_costs(L_layer_model, record, recorded)
    if recorded is None:
        expect_parameters(L_layer_model, wanted, got)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_L_layer_model_parameters", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": false}
# 20 points: the parameters of L_layer_model
assert check_L_layer_model(L_layer_model, "parameters")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(5202)
for sizes, m, rate, rounds in [([4, 3, 1], 6, 0.8, 40), ([3, 1], 9, 0.05, 60), ([5, 4, 3, 2, 1], 7, 0.4, 25), ([2, 6, 1], 5, 1.5, 30)]:
    points, labels = rng.standard_normal((sizes[0], m)), (np.arange(m).reshape(1, m) % 3 == 0).astype(int)
    wanted = initialize_parameters_deep(sizes)
    for _ in range(rounds):
        signal, stored = points, []
        for layer in range(1, len(sizes)):
            kind = "relu" if layer + 1 < len(sizes) else "sigmoid"
            signal, cache = linear_activation_forward(signal, wanted[f"W{layer}"], wanted[f"b{layer}"], kind)
            stored.append(cache)
        slopes, back = {}, (signal - labels) / (signal * (1 - signal))
        for layer in range(len(sizes) - 1, 0, -1):
            kind = "relu" if layer + 1 < len(sizes) else "sigmoid"
            back, slopes[f"dW{layer}"], slopes[f"db{layer}"] = linear_activation_backward(back, stored[layer - 1], kind)
        wanted = update_parameters(wanted, slopes, rate)
    expect_parameters(L_layer_model, wanted, train(L_layer_model, points, labels, sizes, rate, rounds)[0])
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_L_layer_model_short", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# 10 points: L_layer_model with 0 and 1 iterations
assert check_L_layer_model(L_layer_model, "short")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(5203)
for sizes, m, rate in [([4, 3, 1], 6, 4.0), ([3, 1], 9, 2.5), ([5, 4, 3, 1], 7, 3.0)]:
    points, labels = rng.standard_normal((sizes[0], m)), (np.arange(m).reshape(1, m) % 3 == 0).astype(int)
    wanted = initialize_parameters_deep(sizes)
    before, none = train(L_layer_model, points, labels, sizes, rate, 0)
    expect_parameters(L_layer_model, wanted, before)
    expect_costs(L_layer_model, [], none)
    guesses, stored = L_model_forward(points, wanted)
    after, one = train(L_layer_model, points, labels, sizes, rate, 1)
    expect_costs(L_layer_model, [compute_cost(guesses, labels)], one)
    wanted = update_parameters(wanted, L_model_backward(guesses, labels, stored), rate)
    expect_parameters(L_layer_model, wanted, after)
### END HIDDEN TESTS

# %% [markdown]
# **Recall.**
#
# 1. What would have to be written anew for a network with 30 layers in the style of exercise 1, and what in that of
#    exercise 2?
# 2. How many numbers does the network `[12288, 20, 7, 5, 1]` learn? Most of them belong to which layer?
#
# <details><summary>Answers</summary>
#
# 1. In the first, every line with a layer's number in it. In the second nothing: only the list of sizes is longer.
# 2. 12,288 · 20 + 20 + 20 · 7 + 7 + 7 · 5 + 5 + 5 + 1 = 245,973, and 245,780 of them are in layer 1.
#
# </details>

# %% [markdown]
# ## 6 Why the first weights matter
#
# In the first assignment, the weights started as random numbers times 0.01. `initialize_parameters_deep` of this
# notebook divides by $\sqrt{n^{[l-1]}}$ instead, where $n^{[l-1]}$ is the number of units that send to the layer. (It
# also draws other numbers, and one product in `linear_backward` is written in a faster way; neither matters here.) Before
# you train, see what it is for.
#
# A unit adds up $n^{[l-1]}$ products. If the weights are of size 1, the sum is about $\sqrt{n^{[l-1]}}$ times as large
# as one product, because positive and negative ones cancel in part. Dividing by $\sqrt{n^{[l-1]}}$ keeps what leaves a
# layer about as large as what enters it. Multiplying by 0.01 instead makes it smaller from layer 2 on, layer by layer;
# only layer 1 has so many inputs that 0.01 happens to be about right.
#
# **Predict, then run.** The next cell sends the training set through the untrained network, with both sizes of weights,
# and prints the mean size of the activations and of the weights' gradients in each layer. With 0.01, by what factor do
# the activations shrink from layer to layer? And the gradients, on the way back?

# %%
layers_dims = [train_x.shape[0], 20, 7, 5, 1]
scaled = initialize_parameters_deep(layers_dims)
small = {name: np.zeros(value.shape) for name, value in scaled.items()}
for l in range(1, len(layers_dims)):
    small[f"W{l}"] = scaled[f"W{l}"] * np.sqrt(layers_dims[l - 1]) * 0.01

sizes = {}
for name, start in [("divided by the root", scaled), ("times 0.01", small)]:
    guesses, stored = L_model_forward(train_x, start)
    gradients = L_model_backward(guesses, train_y, stored)
    activations = [np.abs(linear_cache[0]).mean() for linear_cache, _ in stored[1:]] + [np.abs(guesses).mean()]
    slopes = [np.abs(gradients[f"dW{l}"]).mean() for l in range(1, len(layers_dims))]
    sizes[name] = activations, slopes
    print(f"{name}")
    for l, (activation, slope) in enumerate(zip(activations, slopes), start=1):
        print(f"  layer {l}: activations {activation:.1e}, gradients of W {slope:.1e}")

# %% tags=["skip-execution"]
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for (name, (activations, slopes)), color, marker in zip(sizes.items(), ["#0072B2", "#D55E00"], ["o", "s"]):
    left.semilogy(range(1, 5), activations, color=color, marker=marker, label=name)
    right.semilogy(range(1, 5), slopes, color=color, marker=marker, label=name)
left.set(title="Activations", xlabel="layer", ylabel="mean size", xticks=range(1, 5))
right.set(title="Gradients of the weights", xlabel="layer", xticks=range(1, 5))
left.legend()
words = [f"{name}: activations {activations[0]:.0e} in layer 1 and {activations[2]:.0e} in layer 3, gradients {slopes[0]:.0e} "
         f"and {slopes[2]:.0e}." for name, (activations, slopes) in sizes.items()]
show(Picture(figure, "Mean sizes per layer for both kinds of first weights, on a logarithmic scale. " + " ".join(words)))

# %% [markdown]
# *What the figure shows:* the mean size of activations (left) and of gradients (right) in each of the four layers, on a
# logarithmic scale; the cell above prints the same numbers. With the root, the curves are nearly flat. With 0.01 the
# activations of the hidden layers fall by a factor of ten to a hundred per layer, so that the output unit receives
# nearly nothing and answers 0.5 to every picture. The gradients are products of activations and weights, and so they
# are thousands of times too small, in layer 1 a hundred thousand times: each step of training moves the weights by next to nothing, and the cost stays at
# 0.693 for a very long time. The last activation is the sigmoid's: 0.5, whatever comes in.

# %% [markdown]
# ### 6.1 Training
#
# Four layers, with the weights divided by the root.

# %% tags=["skip-execution"]
begin = time.perf_counter()
parameters_deep, costs_deep = L_layer_model(train_x, train_y, layers_dims, num_iterations=2500, print_cost=True)
print(f"{time.perf_counter() - begin:.0f} seconds")

# %% tags=["skip-execution"]
print(f"first cost = {costs_deep[0]:.4f}")
print(f"last cost = {costs_deep[-1]:.4f}")
print(f"accuracy on the training set = {accuracy(train_x, train_y, parameters_deep):.2f}")
print(f"accuracy on the test set = {accuracy(test_x, test_y, parameters_deep):.2f}")

# %% [markdown]
# **Expected output.** Again, the third column says how far your figures may be off.
#
# | name | value | may differ by |
# |:--|:--|:--|
# | `first cost` | `0.7161` | 0.0002 |
# | `last cost` | `0.0611` | 0.05 |
# | `accuracy on the training set` | `1.00` | 0.02 |
# | `accuracy on the test set` | `0.94` | 0.06 |

# %% tags=["skip-execution"]
figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
axes.plot(np.arange(len(costs_two)) * 100, costs_two, color="#0072B2", linestyle="--", label="two layers")
axes.plot(np.arange(len(costs_deep)) * 100, costs_deep, color="#D55E00", label="four layers")
axes.set(xlabel="iteration", ylabel="cost", title="Learning curves of both networks", ylim=(0, None))
axes.legend()
show(Picture(figure, f"Two learning curves. Two layers: from {costs_two[0]:.2f} to {costs_two[-1]:.2f}. "
                     f"Four layers: from {costs_deep[0]:.2f} to {costs_deep[-1]:.2f}."))

# %% [markdown]
# *What the figure shows:* the costs that both functions recorded, every 100 iterations. The deep network learns from the
# first iteration on. Both live curves jump now and then: a step of this size is too long in some places, and the steps
# after it repair the damage.
#
# ### 6.2 Is deeper better?
#
# On your test set both networks are right about 47 of 50 pictures. Does that mean that the second is no better? With 50
# pictures, three mistakes or five may be a matter of luck. These pictures are drawn by a program, so there is no need to
# guess: it drew five more training sets of 209 pictures, and 2,000 fresh pictures for each to be tested with. The means
# over the five:
#
# | model | on its training set | on fresh pictures |
# |:--|:--|:--|
# | logistic regression, no hidden layer | 95 % | 72 % |
# | two layers, 7 hidden units | 96 % | 82 % |
# | four layers | 100 % | 88 % |
#
# The table says two things. The rows: each step towards a deeper network is worth several points. In three of ten
# pictures the animal is dark on light ground and not light on dark, so no single weight per pixel can serve both; a
# hidden layer can look for either. The columns: every model knows its training pictures better than fresh ones. That is
# called **overfitting**, and it is what one gets with 12,288 numbers per picture and only 209 pictures.

# %% [markdown]
# ## 7 What the network gets wrong
#
# An accuracy is one number. What is behind it shows when you look at the mistakes. The next cell shows all pictures of
# the test set that the deep network gets wrong, with what it took each of them for and how sure it was.
#
# **Predict, then run.** Which kinds of pictures do you expect there?

# %% tags=["skip-execution"]
guesses, _ = L_model_forward(test_x, parameters_deep)
wrong = np.flatnonzero((guesses > 0.5) != test_y)
columns = 6
rows = max(1, -(-len(wrong) // columns))
figure, axes = plt.subplots(rows, columns, figsize=(12, 2.4 * rows), squeeze=False, layout="constrained")
for place in axes.ravel():
    place.axis("off")
for place, index in zip(axes.ravel(), wrong):
    sure = guesses[0, index]
    taken, is_cat = ("cat", "no cat") if sure > 0.5 else ("no cat", "cat")
    place.imshow(test_x_orig[index])
    place.set_title(f"{index}: taken for {taken}\nis {is_cat}, answer {sure:.2f}", fontsize=9)
show(Picture(figure, f"The {len(wrong)} pictures of the test set that are taken for the wrong class, with the answer."))
print(f"{len(wrong)} of {test_y.size} pictures: {', '.join(map(str, wrong))}")

# %% [markdown]
# Some questions to take with you:
#
# - Which of them would *you* get wrong, at a glance?
# - Does the network err more on cats or on other things? What would that mean for an application in which one of the
#   two mistakes is worse?
# - The network sees no ears and no whiskers, only pixels at fixed places. Which changes to a picture leave a cat a cat
#   and still change nearly every pixel?

# %% [markdown]
# ## 8 A picture of your own
#
# Put a picture beside this notebook, write its name below and run the cell. Any size and most formats will do; the
# picture is turned upright and cut to a square. The network has only ever seen drawn cats, so do not be offended on
# behalf of your own.

# %% tags=["skip-execution"]
my_picture = ""  # for example "my_cat.jpg"
is_cat = 1  # 1 if it is a cat, 0 if not

if my_picture:
    picture = load_picture(my_picture)
else:
    picture, is_cat = test_x_orig[5], int(test_y[0, 5])  # one of the test set, until you have chosen your own
answer = L_model_forward(picture.reshape(-1, 1) / 255, parameters_deep)[0].item()
figure, place = plt.subplots()
place.imshow(picture)
place.axis("off")
show(Picture(figure, f"The picture that was asked about, {picture.shape[0]} by {picture.shape[1]} pixels."))
print(f"The network's answer is {answer:.2f}: {'a cat' if answer > 0.5 else 'no cat'}. "
      f"It is {'right' if (answer > 0.5) == bool(is_cat) else 'wrong'}.")

# %% [markdown]
# And where do you stand now?

# %% tags=["skip-execution"]
show_progress(EXERCISES, globals())

# %% [markdown]
# ## 9 Conclusion
#
# You have built two networks that learn, and looked at what they learn and what they do not. The loop that you wrote is
# the same in every large network of today: forward, cost, backward, update. What to try next:
#
# - Fewer iterations: is the accuracy on the test set best at the end?
# - Other sizes. Does a layer more help? Does a wider one?
# - `load_data("datasets/drawn_cats_and_dogs")`, if your course gives you that set: cats against dogs is harder. Why?

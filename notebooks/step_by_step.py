# ---
# jupyter:
#   autograder:
#     shown:
#     - line: dZ = relu_backward(dA, activation_cache)
#       reason: The text of exercise 8 shows how the given function is called.
#     - line: dZ = sigmoid_backward(dA, activation_cache)
#       reason: The text of exercise 8 shows how the given function is called.
#     - line: dAL = - (np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
#       reason: The text of exercise 9 gives the derivative; finding it is not the exercise.
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
# # Building a deep neural network, step by step
#
# You have trained a network with one hidden layer before, the planar data classifier. In this notebook you write
# the parts of a network with **as many layers as you like**: ten short functions in NumPy, from the first random
# weights to the step that makes the network better. The next assignment, *Application*, puts the same ten
# functions to work on pictures of cats.
#
# When you have finished, you can
#
# - use non-linear units such as ReLU, and say what they add to a model;
# - build a network with more than one hidden layer;
# - wrap it all in a network class that is easy to use.
#
# Plan about 45 minutes for reading and 95 minutes for the exercises.
#
# ## How this notebook works
#
# Each exercise is a function with a gap between `### START CODE HERE ###` and `### END CODE HERE ###`. The lines
# in the gap that end in `= None` show which values are missing; the number in brackets says how many lines a
# short answer has. Yours may have more. Please leave everything outside the markers as it is.
#
# Under each function you will find
#
# 1. a cell that calls it, with a question: **predict first, then run**;
# 2. the expected output;
# 3. one or more locked cells that check your function and say what is off. Each function is worth 10 points.
#
# Stuck? Every exercise has hints in folds. The first asks a question, the second points to a place to look.
# A third fold is sorted by what you see on the screen.
#
# ## Notation
#
# | symbol | meaning | example |
# |:--|:--|:--|
# | superscript $[l]$ | belongs to layer $l$ | $W^{[L]}$ and $b^{[L]}$ are the parameters of the last layer, $L$ |
# | superscript $(i)$ | belongs to example $i$ | $x^{(i)}$ is training example number $i$ |
# | subscript $i$ | entry $i$ of a vector | $a^{[l]}_i$ is entry $i$ of the activations of layer $l$ |
#
# The table lists the three marks that tell you where a quantity belongs. Two sizes come back on every page:
# $n^{[l]}$ is the number of units in layer $l$, and $m$ is the number of examples.

# %% [markdown]
# ## 1 Packages
#
# - [NumPy](https://numpy.org) computes with arrays.
# - [Matplotlib](https://matplotlib.org) draws.
# - [h5py](https://www.h5py.org) reads data sets; you will need it in the next assignment.
# - `dnn_utils` gives you the activation functions and their derivatives.
# - `testCases` gives you the inputs and the checks of every exercise.
#
# The last line of the next cell fixes the random numbers, so that your results can be compared with the expected
# ones. Please do not change the seed, here or in any function.

# %%
import h5py
import matplotlib.pyplot as plt
import numpy as np
from dnn_utils import relu, relu_backward, sigmoid, sigmoid_backward
from testCases import *

# %matplotlib inline
plt.rcParams["figure.figsize"] = (5.0, 4.0)  # inches
plt.rcParams["image.interpolation"] = "nearest"
plt.rcParams["image.cmap"] = "gray"

# %load_ext autoreload
# %autoreload 2

np.random.seed(1)

# %% [markdown]
# Where do you stand? Run the next cell whenever you like. It tries the functions that you have run so far, shows your
# points, and says what is next. Nothing leaves your computer.

# %% tags=["skip-execution"]
from dnn_lab.progress import show_progress

show_progress(EXERCISES, globals())

# %% [markdown]
# ## 2 Outline
#
# A network learns in a circle. It guesses (*forward propagation*), measures how wrong the guess is (*cost*), works
# out how each parameter contributed to that (*backward propagation*), and moves each parameter a little the other
# way (*update*). Before the first round somebody has to choose the parameters (*initialization*).
#
# ![Outline of the assignment as a loop: initialize the parameters, run the forward module, compute the cost, run the backward module, update the parameters, and start again at the forward module. Each module stacks layers made of LINEAR and ACTIVATION, and the forward module hands its caches to the backward module. Every box names the functions you write for it.](images/outline.svg)
#
# *Figure 1. The ten functions and the circle they form. Forward steps are blue with a solid outline, backward steps
# are orange with a dashed one, here and in all figures.*
#
# In this order you will
#
# 1. initialize the parameters, first for a network with two layers, then with $L$ layers;
# 2. build forward propagation in three steps:
#    the LINEAR part of a layer, which gives $Z^{[l]}$;
#    the LINEAR part followed by an ACTIVATION (the functions `relu` and `sigmoid` are given);
#    and the whole model, which has $L-1$ times [LINEAR → RELU] and one [LINEAR → SIGMOID] at the end;
# 3. compute the cost;
# 4. build backward propagation in the same three steps, from the last layer to the first
#    (`relu_backward` and `sigmoid_backward` are given);
# 5. update the parameters.
#
# Each forward function has a backward partner, and the partner needs numbers that the forward function has already
# seen. That is why every forward function returns a **cache**: a tuple with what its partner will need.

# %% [markdown]
# ## 3 Initialization
#
# ### 3.1 A network with two layers
#
# Suppose all weights started at zero. Then all hidden units would compute the same number, receive the same
# gradient, and stay equal for ever: a layer of 100 units would be worth one. Random numbers break the tie. They
# should be small, because the sigmoid at the end is flat far away from zero, and where it is flat, learning is slow.
# The biases need no luck; once the weights differ, so do the units. They start at zero.
#
# The model is *LINEAR → RELU → LINEAR → SIGMOID*, with $n_x$ inputs, $n_h$ hidden units and $n_y$ outputs.
#
# > **Exercise 1: `initialize_parameters`**
# > Difficulty 1 of 5 · importance 3 of 5 · about 5 minutes
# >
# > Create the parameters of a network with two layers.
# >
# > - Weights: `np.random.randn(rows, columns) * 0.01`, drawn in the order `W1`, `W2`.
# > - Biases: `np.zeros((rows, columns))`. Mind the two pairs of brackets: the shape is one argument.
# > - The shapes are in the function's docstring.
#
# <details><summary>Hint 1: a question</summary>
#
# $W^{[1]}$ takes a column of $n_x$ numbers to a column of $n_h$ numbers. How many rows must it have, and how many
# columns?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# A layer has one weight per pair (unit, input) and one bias per unit. Write the shape of each array on paper,
# then type it.
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | `TypeError: 'tuple' object cannot be interpreted as an integer` | `randn` wants two numbers, `zeros` wants one shape |
# | `TypeError: Cannot interpret '1' as a data type` | the other way round: `zeros` was given two numbers |
# | the shapes are right, `W2` has wrong values | something was drawn between `W1` and `W2`: are the biases random? |
# | all weights are 100 times too large | the factor 0.01 |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "initialize_parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: initialize_parameters


def initialize_parameters(n_x, n_h, n_y):
    """Create the parameters of a network with two layers.

    Arguments:
    n_x -- size of the input layer
    n_h -- size of the hidden layer
    n_y -- size of the output layer

    Returns:
    parameters -- dictionary with
        W1 -- weights, shape (n_h, n_x)
        b1 -- biases, shape (n_h, 1)
        W2 -- weights, shape (n_y, n_h)
        b2 -- biases, shape (n_y, 1)
    """
    np.random.seed(1)

    ### START CODE HERE ###
    W1 = np.random.randn(n_h, n_x) * 0.01
    b1 = np.zeros((n_h, 1))
    W2 = np.random.randn(n_y, n_h) * 0.01
    b2 = np.zeros((n_y, 1))
    ### END CODE HERE ###

    assert W1.shape == (n_h, n_x)
    assert b1.shape == (n_h, 1)
    assert W2.shape == (n_y, n_h)
    assert b2.shape == (n_y, 1)

    parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}

    return parameters


# %% [markdown]
# **Predict, then run.** The next cell asks for 3 inputs, 2 hidden units and 1 output. How many numbers will `W1`
# hold, and how many `W2`? About how large is the largest of them?

# %%
parameters = initialize_parameters(3, 2, 1)
for name in ["W1", "b1", "W2", "b2"]:
    print(f"{name} =\n{parameters[name]}")

# %% [markdown]
# **Expected output.** Each row is one parameter.
#
# | name | value |
# |:--|:--|
# | `W1` | `[[ 0.01624345 -0.00611756 -0.00528172]`<br>` [-0.01072969  0.00865408 -0.02301539]]` |
# | `b1` | `[[0.]`<br>` [0.]]` |
# | `W2` | `[[ 0.01744812 -0.00761207]]` |
# | `b2` | `[[0.]]` |

# %% nbgrader={"grade": true, "grade_id": "test_initialize_parameters_weights", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points: the weights of initialize_parameters
assert check_initialize_parameters(initialize_parameters, "weights")
### BEGIN HIDDEN TESTS
for n_x, n_h, n_y in [(4, 3, 2), (2, 5, 3), (5, 2, 4), (3, 1, 2)]:
    drawn = np.random.RandomState(1)
    weights = {"W1": 0.01 * drawn.randn(n_h, n_x), "W2": 0.01 * drawn.randn(n_y, n_h)}
    got = attempt(initialize_parameters, n_x, n_h, n_y)
    expect_keys(initialize_parameters, "parameters", weights, got)
    for name, value in weights.items():
        known = KnownSizes({"n_x": n_x, "n_h": n_h, "n_y": n_y})
        expect_equal(initialize_parameters, f'parameters["{name}"]', value, got[name], known)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_initialize_parameters_biases", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points: the biases of initialize_parameters
assert check_initialize_parameters(initialize_parameters, "biases")
### BEGIN HIDDEN TESTS
for n_x, n_h, n_y in [(4, 3, 2), (2, 5, 3), (5, 2, 4), (3, 1, 2)]:
    got = attempt(initialize_parameters, n_x, n_h, n_y)
    expect_keys(initialize_parameters, "parameters", ["b1", "b2"], got)
    for name, rows in [("b1", n_h), ("b2", n_y)]:
        known = KnownSizes({"n_x": n_x, "n_h": n_h, "n_y": n_y})
        expect_equal(initialize_parameters, f'parameters["{name}"]', [[0.0]] * rows, got[name], known)
### END HIDDEN TESTS

# %% [markdown]
# **Recall.** Answer without scrolling up.
#
# 1. Why would a layer whose weights all start at zero be no better than a single unit?
# 2. Which size decides the number of columns of $W^{[2]}$?
#
# <details><summary>Answers</summary>
#
# 1. All its units would compute the same value and get the same gradient, so they would stay equal.
# 2. The number of units in the layer before, here $n_h$.
#
# </details>

# %% [markdown]
# ### 3.2 A network with $L$ layers
#
# With many layers the difficulty is bookkeeping: each layer's weights must fit the layer before. Take pictures
# with 12288 numbers each as input, and 209 of them, so that $X$ has the shape $(12288, 209)$ and $m = 209$:
#
# | layer | shape of $W$ | shape of $b$ | linear part | shape of $Z$ and of the activation |
# |:--|:--|:--|:--|:--|
# | 1 | $(n^{[1]}, 12288)$ | $(n^{[1]}, 1)$ | $Z^{[1]} = W^{[1]} X + b^{[1]}$ | $(n^{[1]}, 209)$ |
# | 2 | $(n^{[2]}, n^{[1]})$ | $(n^{[2]}, 1)$ | $Z^{[2]} = W^{[2]} A^{[1]} + b^{[2]}$ | $(n^{[2]}, 209)$ |
# | ⋮ | ⋮ | ⋮ | ⋮ | ⋮ |
# | $L-1$ | $(n^{[L-1]}, n^{[L-2]})$ | $(n^{[L-1]}, 1)$ | $Z^{[L-1]} = W^{[L-1]} A^{[L-2]} + b^{[L-1]}$ | $(n^{[L-1]}, 209)$ |
# | $L$ | $(n^{[L]}, n^{[L-1]})$ | $(n^{[L]}, 1)$ | $Z^{[L]} = W^{[L]} A^{[L-1]} + b^{[L]}$ | $(n^{[L]}, 209)$ |
#
# Read the table downwards: the row count of one $W$ is the column count of the next. Read it across: $m$ appears in
# the last column only, never in a parameter. A network does not care how many examples you show it.
#
# The $b$ in $WX + b$ has one column and $WX$ has many. NumPy **broadcasts**: it uses the one column again for every
# example. With
#
# $$
# W = \begin{bmatrix} j & k & l \\ m & n & o \\ p & q & r \end{bmatrix}, \quad
# X = \begin{bmatrix} a & b & c \\ d & e & f \\ g & h & i \end{bmatrix}, \quad
# b = \begin{bmatrix} s \\ t \\ u \end{bmatrix} \tag{2}
# $$
#
# the sum is
#
# $$
# WX + b = \begin{bmatrix}
# (ja + kd + lg) + s & (jb + ke + lh) + s & (jc + kf + li) + s \\
# (ma + nd + og) + t & (mb + ne + oh) + t & (mc + nf + oi) + t \\
# (pa + qd + rg) + u & (pb + qe + rh) + u & (pc + qf + ri) + u
# \end{bmatrix} \tag{3}
# $$
#
# (In these two equations the letters are just numbers in a box; $m$ and $n$ are no sizes here.) Look along a row of
# (3): the same letter is added in every column.
#
# > **Exercise 2: `initialize_parameters_deep`**
# > Difficulty 2 of 5 · importance 4 of 5 · about 10 minutes
# >
# > Create the parameters of a network with $L$ layers. The list `layer_dims` holds the number of units of every
# > layer, with the input as entry 0. For the planar data classifier it was `[2, 4, 1]`: two inputs, four hidden
# > units, one output. So `W1` had the shape (4, 2), `b1` (4, 1), `W2` (1, 4) and `b2` (1, 1).
# >
# > - The model is $[\text{LINEAR} \to \text{RELU}] \times (L-1) \to \text{LINEAR} \to \text{SIGMOID}$.
# > - Weights: normally distributed numbers times 0.01. Biases: zeros.
#
# For a network that has only one layer, $L = 1$, the code would be as follows. What has to change in it for layer
# $l$ of many?
#
# ```python
# if L == 1:
#     parameters["W" + str(L)] = np.random.randn(layer_dims[1], layer_dims[0]) * 0.01
#     parameters["b" + str(L)] = np.zeros((layer_dims[1], 1))
# ```
#
# (Here $L$ is the number of layers. In the code below, `L` is the number of entries in `layer_dims`, which is one more;
# so the loop ends before it.)
#
# <details><summary>Hint 1: a question</summary>
#
# In the loop, `l` is the number of the layer that is being made. Which entry of `layer_dims` is the size of this
# layer, and which is the size of the layer before?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# Compare the rows of the layers 1, 2 and $L$ in the table above: in each of them, how is the number of the second size
# related to the number of the layer? Then write the row of layer $l$.
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | `IndexError: list index out of range` | an index that goes one past the end: which layers does the loop visit? |
# | an assertion stops it in the second round only | a fixed number where `l` should be |
# | `W1` is right, `W2` is not | random numbers were drawn for a bias in between |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "initialize_parameters_deep", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: initialize_parameters_deep


def initialize_parameters_deep(layer_dims):
    """Create the parameters of a network with any number of layers.

    Arguments:
    layer_dims -- list with the size of each layer, the input first

    Returns:
    parameters -- dictionary with "W1", "b1", ..., "WL", "bL"; for layer l
        Wl -- weights, shape (layer_dims[l], layer_dims[l-1])
        bl -- biases, shape (layer_dims[l], 1)
    """
    np.random.seed(3)
    parameters = {}
    L = len(layer_dims)  # one more than the number of layers, because the input is in the list

    for l in range(1, L):
        ### START CODE HERE ###
        parameters['W' + str(l)] = np.random.randn(layer_dims[l], layer_dims[l - 1]) * 0.01
        parameters['b' + str(l)] = np.zeros((layer_dims[l], 1))
        ### END CODE HERE ###

        assert parameters["W" + str(l)].shape == (layer_dims[l], layer_dims[l - 1])
        assert parameters["b" + str(l)].shape == (layer_dims[l], 1)

    return parameters


# %% [markdown]
# **Predict, then run.** With the sizes 5, 4 and 3, which shapes do `W1`, `b1`, `W2` and `b2` have? Is there a `W3`?

# %%
parameters = initialize_parameters_deep([5, 4, 3])
for name in ["W1", "b1", "W2", "b2"]:
    print(f"{name} =\n{parameters[name]}")

# %% [markdown]
# **Expected output.** Each row is one parameter.
#
# | name | value |
# |:--|:--|
# | `W1` | `[[ 0.01788628  0.0043651   0.00096497 -0.01863493 -0.00277388]`<br>` [-0.00354759 -0.00082741 -0.00627001 -0.00043818 -0.00477218]`<br>` [-0.01313865  0.00884622  0.00881318  0.01709573  0.00050034]`<br>` [-0.00404677 -0.0054536  -0.01546477  0.00982367 -0.01101068]]` |
# | `b1` | `[[0.]`<br>` [0.]`<br>` [0.]`<br>` [0.]]` |
# | `W2` | `[[-0.01185047 -0.0020565   0.01486148  0.00236716]`<br>` [-0.01023785 -0.00712993  0.00625245 -0.00160513]`<br>` [-0.00768836 -0.00230031  0.00745056  0.01976111]]` |
# | `b2` | `[[0.]`<br>` [0.]`<br>` [0.]]` |

# %% nbgrader={"grade": true, "grade_id": "test_initialize_parameters_deep_weights", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points: the weights of initialize_parameters_deep
assert check_initialize_parameters_deep(initialize_parameters_deep, "weights")
### BEGIN HIDDEN TESTS
for sizes in [[6, 1], [2, 4, 1], [6, 3, 5, 2], [7, 5, 4, 3, 2], [3, 3, 3]]:
    drawn = np.random.RandomState(3)
    got = attempt(initialize_parameters_deep, sizes)
    for layer, (columns, rows) in enumerate(zip(sizes[:-1], sizes[1:]), start=1):
        value = 0.01 * drawn.randn(rows, columns)
        expect_keys(initialize_parameters_deep, "parameters", [f"W{layer}"], got)
        known = KnownSizes.of_layers(sizes, letter="layer_dims")
        expect_equal(initialize_parameters_deep, f'parameters["W{layer}"]', value, got[f"W{layer}"], known)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_initialize_parameters_deep_biases", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points: the biases of initialize_parameters_deep
assert check_initialize_parameters_deep(initialize_parameters_deep, "biases")
### BEGIN HIDDEN TESTS
for sizes in [[6, 1], [2, 4, 1], [6, 3, 5, 2], [7, 5, 4, 3, 2], [3, 3, 3]]:
    got = attempt(initialize_parameters_deep, sizes)
    for layer, rows in enumerate(sizes[1:], start=1):
        expect_keys(initialize_parameters_deep, "parameters", [f"b{layer}"], got)
        known = KnownSizes.of_layers(sizes, letter="layer_dims")
        expect_equal(initialize_parameters_deep, f'parameters["b{layer}"]', [[0.0]] * rows, got[f"b{layer}"], known)
    expect_length(initialize_parameters_deep, "parameters", 2 * len(sizes) - 2, got, kind=dict)
### END HIDDEN TESTS

# %% [markdown]
# **Recall.**
#
# 1. A network has `layer_dims = [12288, 20, 7, 5, 1]`. How many layers does it have, and what is the shape of
#    $W^{[3]}$?
# 2. You train with twice as many examples. Which parameters change their shape?
#
# <details><summary>Answers</summary>
#
# 1. Four; the input is not counted. $W^{[3]}$ has the shape (5, 7).
# 2. None. Only the activations grow.
#
# </details>

# %% [markdown]
# Here is the network that you have just made. Each circle is a unit and each line is one weight: blue and solid above
# zero, orange and dashed below, thick if it is large. Change the sizes and run the cell again: which shapes change when
# you change one entry of the list?

# %% tags=["skip-execution"]
from dnn_lab.figures.plots import draw_network

draw_network(initialize_parameters_deep([5, 4, 3]))

# %% [markdown]
# **An error on purpose.** What if the biases had the shape `(n,)`, without a column? Predict, then run.

# %%
WA = np.zeros((3, 2))  # three units, two examples
b = np.array([1.0, 2.0, 3.0])
try:
    print(WA + b)
except ValueError as error:
    print(f"ValueError: {error}")

# %% [markdown]
# NumPy compares two shapes from the right, entry by entry, by three rules.
#
# 1. If one shape is shorter, it is filled up with ones **on the left**.
# 2. Where one entry is 1, that array is used again and again until it is as long as the other.
# 3. Where the entries differ and neither is 1, there is an error.
#
# | step | shape of $WA$ | shape of `b` | what it means |
# |:--|:--|:--|:--|
# | as they are | `(3, 2)` | `(3,)` | two shapes of different lengths |
# | rule 1 | `(3, 2)` | `(1, 3)` | the three biases now lie in a row, not in a column |
# | rule 2 | `(3, 2)` | `(3, 3)` | the row is used three times |
# | rule 3 | `(3, 2)` | `(3, 3)` | 2 and 3 differ: the error |
#
# With a column, shape `(3, 1)`, rule 2 makes it `(3, 2)`, and all is well. And with three examples in place of two there
# would be **no error** at all: `(3, 3)` fits `(3, 3)`, and each example would get its own bias, which is wrong and silent.
# That is why the checks look at shapes before values.

# %% [markdown]
# ## 4 Forward propagation
#
# ### 4.1 Linear
#
# A unit takes a weighted sum of everything the layer before says, and adds its bias. Written for all units of the
# layer and all examples at once, that is one matrix product:
#
# $$ Z^{[l]} = W^{[l]} A^{[l-1]} + b^{[l]} \tag{4} $$
#
# where $A^{[0]} = X$. Entry $(j, i)$ of $Z^{[l]}$ is the weighted sum of unit $j$ for example $i$.
#
# > **Exercise 3: `linear_forward`**
# > Difficulty 1 of 5 · importance 5 of 5 · about 5 minutes
# >
# > Compute $Z$ by equation (4). In the code, `A` is the activation of the layer before, so the result has one row per
# > unit of *this* layer and one column per example. The function also returns the cache `(A, W, b)`, which is
# > already written for you.
#
# <details><summary>Hint 1: a question</summary>
#
# In `*` each entry meets the entry in the same place. In a matrix product each row meets each column. Which one is
# equation (4)?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# Look up `np.dot`. If the sizes do not match, print `W.shape` and `A.shape`: the two sizes that touch must be equal.
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | `ValueError: shapes ... not aligned` or `matmul: Input operand 1 has a mismatch` | the order of the two factors |
# | `ValueError: operands could not be broadcast together` | `*` in place of a matrix product |
# | right shape, wrong values | is $b$ there? Is its sign right? |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "linear_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: linear_forward


def linear_forward(A, W, b):
    """Compute the linear part of a layer.

    Arguments:
    A -- activations of the layer before (or the input), shape (size of the layer before, number of examples)
    W -- weights, shape (size of this layer, size of the layer before)
    b -- biases, shape (size of this layer, 1)

    Returns:
    Z -- what goes into the activation function, shape (size of this layer, number of examples)
    cache -- the tuple (A, W, b), kept for the backward pass
    """
    ### START CODE HERE ###
    Z = np.dot(W, A) + b
    ### END CODE HERE ###

    assert Z.shape == (W.shape[0], A.shape[1])
    cache = (A, W, b)

    return Z, cache


# %% [markdown]
# **Predict, then run.** In the test case, `A` has the shape (3, 2) and `W` has the shape (1, 3). What is the shape of
# `Z`, and how many products are added up for each of its entries?

# %%
A, W, b = linear_forward_test_case()
Z, linear_cache = linear_forward(A, W, b)
print(f"Z = {Z}")

# %% [markdown]
# **Expected output.** One unit, two examples.
#
# | name | value |
# |:--|:--|
# | `Z` | `[[ 3.26295337 -1.23429987]]` |

# %% nbgrader={"grade": true, "grade_id": "test_linear_forward", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# 10 points: linear_forward
assert check_linear_forward(linear_forward)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4031)
for n_prev, n, m in [(4, 3, 5), (2, 6, 3), (5, 2, 7), (3, 3, 3), (2, 1, 1)]:
    inputs = rng.standard_normal((n_prev, m)), rng.standard_normal((n, n_prev)), rng.standard_normal((n, 1))
    value = np.einsum("jk,ki->ji", inputs[1], inputs[0]) + inputs[2]
    got = attempt(linear_forward, *inputs, returns=("Z", "cache"))
    expect_equal(linear_forward, "Z", value, got[0], KnownLayer(*inputs))
    expect_equal(linear_forward, "cache", inputs, got[1])
### END HIDDEN TESTS

# %% [markdown]
# Here is the test case as a picture. Take one entry of `Z` and find the row of `W` and the column of `A` that it is made
# of.

# %% tags=["skip-execution"]
from dnn_lab.figures.plots import draw_matrices

draw_matrices({"W": W, "A": A, "b": b, "Z": Z}, "The inputs and the result of exercise 3.")

# %% [markdown]
# **Recall.**
#
# 1. $W^{[l]}$ has the shape (4, 6). How many units does layer $l$ have, and how many does layer $l-1$ have?
# 2. $b^{[l]}$ has one column and $W^{[l]} A^{[l-1]}$ has $m$. Why is the sum no error?
#
# <details><summary>Answers</summary>
#
# 1. Four, and six.
# 2. NumPy broadcasts: it adds the one column to each of the $m$ columns.
#
# </details>

# %% [markdown]
# **Why no loops?** A matrix product could be written as three loops, one over the units, one over the examples, and one
# over the inputs. Predict how many times slower that is, then run.

# %% tags=["skip-execution"]
from time import perf_counter

rng = np.random.default_rng(1)
A, W, b = rng.standard_normal((60, 50)), rng.standard_normal((40, 60)), rng.standard_normal((40, 1))

start = perf_counter()
slow = np.zeros((40, 50))
for j in range(40):
    for i in range(50):
        slow[j, i] = b[j, 0]
        for k in range(60):
            slow[j, i] += W[j, k] * A[k, i]
loops = perf_counter() - start

start = perf_counter()
fast, _ = linear_forward(A, W, b)
vectorised = perf_counter() - start

print(f"The largest difference is {np.abs(slow - fast).max():.0e}.")
print(f"Loops: {loops:.4f} s. Your function: {vectorised:.6f} s. That is {loops / vectorised:,.0f} times as fast.")

# %% [markdown]
# The sums are the same; only who does them differs. Python looks at every number anew, and NumPy hands the whole matrix
# to compiled code. The last digits may differ, since the order of the additions is not the same.

# %% [markdown]
# ### 4.2 Linear, then activation
#
# Put one LINEAR step behind another and you get, once more, a LINEAR step: two matrices multiplied are a matrix. A
# deep network would be no better than a flat one. What makes depth worth having is a bend between the steps, a
# **non-linear** activation $g$:
#
# - **Sigmoid**, $\sigma(Z) = \dfrac{1}{1 + e^{-Z}}$, squeezes any number into the range from 0 to 1. The last layer
#   uses it, since its output is read as a probability.
# - **ReLU**, $\mathrm{ReLU}(Z) = \max(0, Z)$, lets positive numbers pass and stops negative ones. The hidden layers
#   use it.
#
# Both are given, as `sigmoid` and `relu`. Each takes `Z` and returns two items: the activation, and as its cache the
# `Z` that it was given.
#
# A layer is a LINEAR step and its activation together: $A^{[l]} = g(Z^{[l]}) = g(W^{[l]} A^{[l-1]} + b^{[l]})$. When
# people count the layers of a network, LINEAR → ACTIVATION counts as **one** layer, not two.
#
# > **Exercise 4: `linear_activation_forward`**
# > Difficulty 2 of 5 · importance 4 of 5 · about 5 minutes
# >
# > Complete both branches. Each calls `linear_forward` and then its activation. The two caches are put together
# > for you.
#
# <details><summary>Hint 1: a question</summary>
#
# You have written a function that turns `A_prev`, `W` and `b` into `Z` and a cache. What is left to do with `Z`?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# The names on the left of the two lines tell you what each call returns. Compare them with the *Returns* part of
# `linear_forward`, and with what `sigmoid` and `relu` return.
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | `ValueError: too many values to unpack` or `not enough values to unpack` | what the call returns, and how many names stand on the left |
# | `AttributeError: 'tuple' object has no attribute 'shape'` | the pair of results was kept whole: two names on the left |
# | the sigmoid check passes, the ReLU check does not | which activation does the second branch call? |
# | the message is about `linear_forward` | mend that function first; this one calls it |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "linear_activation_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: linear_activation_forward


def linear_activation_forward(A_prev, W, b, activation):
    """Compute one layer: the linear part and the activation.

    Arguments:
    A_prev -- activations of the layer before (or the input), shape (size of the layer before, number of examples)
    W -- weights, shape (size of this layer, size of the layer before)
    b -- biases, shape (size of this layer, 1)
    activation -- which activation the layer uses, "sigmoid" or "relu"

    Returns:
    A -- activations of this layer, shape (size of this layer, number of examples)
    cache -- the tuple (linear_cache, activation_cache), kept for the backward pass
    """
    if activation == "sigmoid":
        ### START CODE HERE ###
        Z, linear_cache = linear_forward(A_prev, W, b)
        A, activation_cache = sigmoid(Z)
        ### END CODE HERE ###

    elif activation == "relu":
        ### START CODE HERE ###
        Z, linear_cache = linear_forward(A_prev, W, b)
        A, activation_cache = relu(Z)
        ### END CODE HERE ###

    assert A.shape == (W.shape[0], A_prev.shape[1])
    cache = (linear_cache, activation_cache)

    return A, cache


# %% [markdown]
# **Predict, then run.** Both lines below start from the same $Z$, which has one positive and one negative entry. What
# will ReLU make of the negative one? On which side of 0.5 will the sigmoid put each of them?

# %%
A_prev, W, b = linear_activation_forward_test_case()
A, linear_activation_cache = linear_activation_forward(A_prev, W, b, activation="sigmoid")
print(f"A with sigmoid = {A}")
A, linear_activation_cache = linear_activation_forward(A_prev, W, b, activation="relu")
print(f"A with ReLU = {A}")

# %% [markdown]
# **Expected output.** The same unit and the same two examples, with either activation.
#
# | name | value |
# |:--|:--|
# | `A with sigmoid` | `[[0.96890023 0.11013289]]` |
# | `A with ReLU` | `[[3.43896131 0.        ]]` |

# %% nbgrader={"grade": true, "grade_id": "test_linear_activation_forward_sigmoid", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points: linear_activation_forward with sigmoid
assert check_linear_activation_forward(linear_activation_forward, "sigmoid")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4202)
for n_prev, n, m in [(4, 3, 5), (2, 6, 3), (5, 2, 7), (3, 3, 3), (2, 1, 1)]:
    inputs = rng.standard_normal((n_prev, m)), rng.standard_normal((n, n_prev)), rng.standard_normal((n, 1))
    middle = np.einsum("jk,ki->ji", inputs[1], inputs[0]) + inputs[2]
    value = 1 / (1 + np.exp(-middle))
    got = attempt(linear_activation_forward, *inputs, activation="sigmoid", returns=("A", "cache"))
    known = KnownLayer(*inputs, "sigmoid")
    expect_equal(linear_activation_forward, "A with sigmoid", value, got[0], known)
    expect_equal(linear_activation_forward, "cache", (inputs, middle), got[1], known)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_linear_activation_forward_relu", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points: linear_activation_forward with ReLU
assert check_linear_activation_forward(linear_activation_forward, "relu")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4203)
for n_prev, n, m in [(4, 3, 5), (2, 6, 3), (5, 2, 7), (3, 3, 3), (2, 1, 1)]:
    inputs = rng.standard_normal((n_prev, m)), rng.standard_normal((n, n_prev)), rng.standard_normal((n, 1))
    middle = np.einsum("jk,ki->ji", inputs[1], inputs[0]) + inputs[2]
    value = np.where(middle > 0, middle, 0)
    got = attempt(linear_activation_forward, *inputs, activation="relu", returns=("A", "cache"))
    known = KnownLayer(*inputs, "relu")
    expect_equal(linear_activation_forward, "A with relu", value, got[0], known)
    expect_equal(linear_activation_forward, "cache", (inputs, middle), got[1], known)
### END HIDDEN TESTS

# %% [markdown]
# **Recall.**
#
# 1. What would be lost if every activation were left out?
# 2. What is in the cache of the activation, and what is in the cache of the linear part?
#
# <details><summary>Answers</summary>
#
# 1. The bend: the whole network would be one matrix product, however many layers it has.
# 2. $Z$ in the first; the activations of the layer before, the weights and the biases in the second.
#
# </details>

# %% [markdown]
# ### 4.3 The whole model
#
# Stack what you have: $L-1$ layers with ReLU, and one with the sigmoid at the end.
#
# ![The L-layer model from left to right: each picture is flattened into one column of X, passes L-1 layers of LINEAR and RELU, then one layer of LINEAR and SIGMOID, and becomes one entry of the prediction Y-hat. Below each part stand the shapes: W has a row per unit of its layer and a column per unit of the layer before, b is one column, Z and A have a column per example.](images/l_layer_model.svg)
#
# *Figure 2. The L-layer model. Each layer's activation is the next layer's input.*
#
# The result of the last layer is called `AL` in the code. It is $A^{[L]} = \sigma(Z^{[L]})
# = \sigma(W^{[L]} A^{[L-1]} + b^{[L]})$, the network's guess, which many books write as $\hat{Y}$.
#
# > **Exercise 5: `L_model_forward`**
# > Difficulty 3 of 5 · importance 5 of 5 · about 10 minutes
# >
# > Run all layers, one after the other, and keep every cache.
# >
# > - The loop makes the layers 1 to $L-1$; the last layer comes after it.
# > - Layer $l$ finds its parameters under `"W" + str(l)` and `"b" + str(l)`.
# > - Add each layer's cache to the end of the list `caches`. A list `c` grows by `c.append(item)`.
#
# <details><summary>Hint 1: a question</summary>
#
# When the loop is at layer $l$, which variable holds the activation of layer $l-1$? And when the loop has ended,
# which variable holds the activation of layer $L-1$?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# Both gaps call the function of exercise 4, with different activations. The list of caches should have $L$ entries
# in the end.
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | `AttributeError: 'NoneType' object has no attribute 'append'` | `append` changes the list and returns nothing; do not assign its result |
# | `ValueError: shapes ... not aligned` or `matmul: Input operand 1 has a mismatch` | a layer that gets the wrong layer's activation or parameters |
# | `UnboundLocalError: ... 'A'` in `linear_activation_forward` | neither of its branches ran: compare your name of the activation with its docstring, letter by letter |
# | right with one hidden layer, wrong with two | a fixed number where `l` should be, or `X` where the previous activation should be |
# | `caches` is one entry short | the cache of the last layer |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "L_model_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: L_model_forward


def L_model_forward(X, parameters):
    """Compute the whole network: (L-1) times LINEAR -> RELU, then LINEAR -> SIGMOID.

    Arguments:
    X -- input, shape (size of the input, number of examples)
    parameters -- what initialize_parameters_deep returns

    Returns:
    AL -- activation of the last layer, shape (1, number of examples)
    caches -- list of the L caches that linear_activation_forward returned, layer 1 first
    """
    caches = []
    A = X
    L = len(parameters) // 2  # each layer has two parameters

    # The layers 1 to L-1: LINEAR -> RELU.
    for l in range(1, L):
        A_prev = A
        ### START CODE HERE ###
        A, cache = linear_activation_forward(A_prev, parameters["W" + str(l)], parameters["b" + str(l)], "relu")
        caches.append(cache)
        ### END CODE HERE ###

    # Layer L: LINEAR -> SIGMOID.
    ### START CODE HERE ###
    AL, cache = linear_activation_forward(A, parameters["W" + str(L)], parameters["b" + str(L)], "sigmoid")
    caches.append(cache)
    ### END CODE HERE ###

    assert AL.shape == (1, X.shape[1])

    return AL, caches


# %% [markdown]
# **Predict, then run.** The test case has 5 inputs, hidden layers of 4 and 3 units, one output and 4 examples. How many
# caches will there be, and how many numbers in `AL`? Between which two values must they all lie?

# %%
X, parameters = L_model_forward_test_case_2hidden()
AL, caches = L_model_forward(X, parameters)
print(f"AL = {AL}")
print(f"number of caches = {len(caches)}")

# %% [markdown]
# **Expected output.** One guess per example, one cache per layer.
#
# | name | value |
# |:--|:--|
# | `AL` | `[[0.03921668 0.70498921 0.19734387 0.04728177]]` |
# | `number of caches` | `3` |

# %% nbgrader={"grade": true, "grade_id": "test_L_model_forward", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# 10 points: L_model_forward
assert check_L_model_forward(L_model_forward)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4305)
for sizes, m in [([5, 1], 3), ([4, 3, 1], 5), ([3, 5, 2, 1], 4), ([6, 4, 3, 2, 1], 5), ([3, 3, 3, 1], 3)]:
    given, layers = {}, []
    signal = X0 = rng.standard_normal((sizes[0], m))
    for layer, (columns, rows) in enumerate(zip(sizes[:-1], sizes[1:]), start=1):
        weights, biases = rng.standard_normal((rows, columns)), rng.standard_normal((rows, 1))
        given[f"W{layer}"], given[f"b{layer}"] = weights, biases
        middle = np.einsum("jk,ki->ji", weights, signal) + biases
        layers.append(((signal, weights, biases), middle))
        signal = np.where(middle > 0, middle, 0) if layer < len(sizes) - 1 else 1 / (1 + np.exp(-middle))
    got = attempt(L_model_forward, X0, given, returns=("AL", "caches"))
    expect_equal(L_model_forward, "AL", signal, got[0], KnownModel(X0, given))
    expect_length(L_model_forward, "caches", len(layers), got[1])
    for position, value in enumerate(layers):
        expect_equal(L_model_forward, f"caches[{position}]", value, got[1][position])
### END HIDDEN TESTS

# %% [markdown]
# **Recall.**
#
# 1. Which layers use ReLU, and which uses the sigmoid?
# 2. How often does the loop run in a network with one layer?
#
# <details><summary>Answers</summary>
#
# 1. The layers 1 to $L-1$ use ReLU, layer $L$ the sigmoid.
# 2. Never. A test that only ever sees one layer cannot find a mistake in the loop.
#
# </details>
#
# You now have a network that guesses. The guesses are worthless so far, because the parameters are random. The next
# step is to say how bad they are, as a number.

# %% [markdown]
# ## 5 Cost
#
# Take one example whose true label is 1. If the network says 0.9, that is good; if it says 0.4, it is bad; and if it
# says 0.01, it is very bad, much worse than 0.4. The natural logarithm, which $\log$ stands for here, has this shape:
# $-\log 0.9 \approx 0.1$, $-\log 0.4 \approx 0.9$, $-\log 0.01 \approx 4.6$. For an example with the label 0, the
# same holds for one minus the guess. The **cross-entropy cost** is the mean over all examples:
#
# $$ -\frac{1}{m} \sum_{i=1}^{m} \left( y^{(i)} \log a^{[L](i)}
# + \left(1 - y^{(i)}\right) \log\left(1 - a^{[L](i)}\right) \right) \tag{7} $$
#
# Since $y^{(i)}$ is either 0 or 1, only one of the two terms counts for each example.
#
# > **Exercise 6: `compute_cost`**
# > Difficulty 2 of 5 · importance 4 of 5 · about 10 minutes
# >
# > Compute the cost by equation (7), without a loop. The two lines after the gap make sure that the result is a
# > single number, even if your code gives an array like `[[17]]`.
#
# <details><summary>Hint 1: a question</summary>
#
# `Y` and `AL` are both of shape (1, m). Which of the operations in (7) work entry by entry, and which one takes many
# numbers to one?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# `np.log` works entry by entry, `np.sum` adds up all entries of the *one* array it is given. Check that a term with
# the label 0 and one with the label 1 both reach the sum.
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | the cost is negative | the sign in front |
# | the cost is $m$ times too large | the factor $1/m$ |
# | an assertion about `cost.shape` stops it | nothing added the entries up |
# | `cost` is right, `cost with a label 0` is not | which of the two terms counts for an example with the label 0, and what is left of the other? |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "compute_cost", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: compute_cost


def compute_cost(AL, Y):
    """Compute the cross-entropy cost, equation (7).

    Arguments:
    AL -- the network's guesses, one probability per example, shape (1, number of examples)
    Y -- the true labels, for example 1 for a cat and 0 for anything else, shape (1, number of examples)

    Returns:
    cost -- the cost, a single number
    """
    m = Y.shape[1]

    ### START CODE HERE ###
    cost = -(1 / m) * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
    ### END CODE HERE ###

    cost = np.squeeze(cost)  # turns [[17]] into 17
    assert cost.shape == ()

    return cost


# %% [markdown]
# **Predict, then run.** The labels are 1, 1, 1 and the guesses 0.8, 0.9 and 0.4. Which of the three adds most to the
# cost? Is the cost above or below $-\log 0.4 \approx 0.92$?

# %%
Y, AL = compute_cost_test_case()
print(f"cost = {compute_cost(AL, Y)}")

# %% [markdown]
# **Expected output.** A single number. Its last two digits may differ from yours: the order in which a computer
# multiplies and adds shows there.
#
# | name | value |
# |:--|:--|
# | `cost` | `0.41493159961539694` |

# %% nbgrader={"grade": true, "grade_id": "test_compute_cost", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# 10 points: compute_cost
assert check_compute_cost(compute_cost)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(5006)
for m in [2, 5, 8, 1]:
    labels = np.arange(m).reshape(1, m) % 2
    guesses = rng.uniform(0.05, 0.95, (1, m))
    value = -np.log(np.where(labels == 1, guesses, 1 - guesses)).mean()
    expect_equal(compute_cost, "cost", value, attempt(compute_cost, guesses, labels), KnownCost(guesses, labels))
### END HIDDEN TESTS

# %% [markdown]
# **Recall.**
#
# 1. A network answers 0.5 to everything. What is its cost, whatever the labels are?
# 2. Why does the cost punish 0.01 so much more than 0.4 when the label is 1?
#
# <details><summary>Answers</summary>
#
# 1. $-\log 0.5 \approx 0.693$. Remember the number: it is where an untrained network starts.
# 2. The logarithm falls without limit towards zero: being sure and wrong is the worst mistake.
#
# </details>

# %% [markdown]
# ## 6 Backward propagation
#
# You know how bad the guess is. Which parameter is to blame, and how much? Turn one weight up by a tiny amount and
# watch the cost: the change of the cost, divided by the change of the weight, is the **gradient** of the cost with
# respect to that weight. Doing this for every weight in turn would mean one forward pass per weight. Backward
# propagation gets all of them in a single pass, by the chain rule: it starts from the cost and asks each layer, last
# one first, *if your output should change by this much, by how much should your inputs and your parameters?*
#
# In the code, `dX` stands for a gradient with respect to `X`, and has the same shape as `X`. That alone catches most
# mistakes. `dW` and `db` are gradients of the cost $\mathcal{J}$, the mean over all examples, for all examples share the
# parameters. `dZ` and `dA` are gradients of the loss $\mathcal{L}$: each of their columns belongs to one example, so
# there is nothing to average. The mean is taken once, in (8) and (9) below.
#
# ![Two rows of boxes: LINEAR, RELU, LINEAR, SIGMOID forward from left to right, and below them the same four backward from right to left. Arrows between the rows show the caches: Z feeds dZ, W feeds the gradient of the layer's input, A feeds dW, and the stored b is not read. The gradients dW and db of both layers go on to the update.](images/forward_backward.svg)
#
# *Figure 3. Forward and backward for LINEAR → RELU → LINEAR → SIGMOID. Each backward step uses the cache of its forward
# partner.*
#
# You will build it in the same three steps as before: the linear part, a whole layer, the whole model.
#
# ### 6.1 Linear, backward
#
# Layer $l$ computed $Z^{[l]} = W^{[l]} A^{[l-1]} + b^{[l]}$. Suppose somebody already gave you
# $dZ^{[l]} = \frac{\partial \mathcal{L}}{\partial Z^{[l]}}$. You are to find $dW^{[l]}$, $db^{[l]}$ and $dA^{[l-1]}$.
#
# ![Linear backward for layer l takes dZ of layer l and the cache with A of layer l-1, W and b of layer l. It returns dA of layer l-1, dW and db of layer l, and each of them has the shape of the cached array it belongs to.](images/linear_backward.svg)
#
# *Figure 4. Linear backward: what comes in, what goes out, and the shapes.*
#
# Why do they look as they do? A weight acts on the cost only through its unit, in proportion to what it is
# multiplied with. So its gradient is *what arrives from the layer after it times what came in from the layer before*,
# and every example has a say: take the mean. A bias acts like a weight whose input is always 1. And an activation of the layer before
# acts through all units of this layer, so their shares are added up, each with its weight:
#
# $$ dW^{[l]} = \frac{\partial \mathcal{J}}{\partial W^{[l]}} = \frac{1}{m}\, dZ^{[l]} A^{[l-1] T} \tag{8} $$
#
# $$ db^{[l]} = \frac{\partial \mathcal{J}}{\partial b^{[l]}} = \frac{1}{m} \sum_{i=1}^{m} dZ^{[l](i)} \tag{9} $$
#
# $$ dA^{[l-1]} = \frac{\partial \mathcal{L}}{\partial A^{[l-1]}} = W^{[l] T} dZ^{[l]} \tag{10} $$
#
# Here $\mathcal{J}$ is the cost, the mean of the losses. In (10) nothing is averaged: an activation belongs to one
# example only. The $T$ means transposed.
#
# > **Exercise 7: `linear_backward`**
# > Difficulty 3 of 5 · importance 5 of 5 · about 15 minutes
# >
# > Compute the three gradients by (8), (9) and (10).
#
# <details><summary>Hint 1: a question</summary>
#
# `dZ` has the shape $(n, m)$ and `A_prev` $(n_{prev}, m)$. `dW` must have the shape of `W`, $(n, n_{prev})$. Which of
# the two do you have to transpose so that the sizes fit?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# `np.sum` has two arguments that decide the shape of its result, `axis` and `keepdims`. For `db` you want one
# column, and one row per unit: along which axis do the examples run?
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | an assertion about `db.shape` stops it | `keepdims`, or the axis |
# | `dW` or `db` is $m$ times too large | the factor $1/m$ |
# | `dA_prev` is too small by a constant factor | there is no $1/m$ in (10) |
# | `ValueError: shapes ... not aligned` or `matmul: Input operand 1 has a mismatch` | which factor is transposed, and which comes first |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "linear_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: linear_backward


def linear_backward(dZ, cache):
    """Compute the gradients of the linear part of one layer.

    Arguments:
    dZ -- gradient of the loss with respect to the layer's Z, shape (size of this layer, number of examples)
    cache -- the tuple (A_prev, W, b) that linear_forward returned for this layer

    Returns:
    dA_prev -- gradient with respect to the activations of the layer before, same shape as A_prev
    dW -- gradient with respect to W, same shape as W
    db -- gradient with respect to b, same shape as b
    """
    A_prev, W, b = cache
    m = A_prev.shape[1]

    ### START CODE HERE ###
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    ### END CODE HERE ###

    assert dA_prev.shape == A_prev.shape
    assert dW.shape == W.shape
    assert db.shape == b.shape

    return dA_prev, dW, db


# %% [markdown]
# **Predict, then run.** The layer has one unit, the layer before has three, and there are two examples. Which of the
# three gradients has as many rows as the layer before? Which one of them depends on `W`?

# %%
dZ, cache = linear_backward_test_case()
dA_prev, dW, db = linear_backward(dZ, cache)
print(f"dA_prev =\n{dA_prev}")
print(f"dW = {dW}")
print(f"db = {db}")

# %% [markdown]
# **Expected output.** Each row is one gradient; compare its shape with that of what it is the gradient of.
#
# | name | value |
# |:--|:--|
# | `dA_prev` | `[[ 0.51822968 -0.19517421]`<br>` [-0.40506361  0.15255393]`<br>` [ 2.37496825 -0.89445391]]` |
# | `dW` | `[[-0.10076895  1.40685096  1.64992505]]` |
# | `db` | `[[0.50629448]]` |

# %% nbgrader={"grade": true, "grade_id": "test_linear_backward_dW", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# 4 points: dW from linear_backward
assert check_linear_backward(linear_backward, "dW")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(6107)
for n_prev, n, m in [(4, 3, 5), (2, 6, 3), (5, 2, 7), (3, 3, 3), (2, 1, 1)]:
    stored = rng.standard_normal((n_prev, m)), rng.standard_normal((n, n_prev)), rng.standard_normal((n, 1))
    arriving = rng.standard_normal((n, m))
    got = attempt(linear_backward, arriving, stored, returns=("dA_prev", "dW", "db"))
    known = KnownLayer(*stored, arriving=arriving)
    expect_equal(linear_backward, "dW", np.einsum("ji,ki->jk", arriving, stored[0]) / m, got[1], known)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_linear_backward_db", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points: db from linear_backward
assert check_linear_backward(linear_backward, "db")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(6108)
for n_prev, n, m in [(4, 3, 5), (2, 6, 3), (5, 2, 7), (3, 3, 3), (2, 1, 1)]:
    stored = rng.standard_normal((n_prev, m)), rng.standard_normal((n, n_prev)), rng.standard_normal((n, 1))
    arriving = rng.standard_normal((n, m))
    got = attempt(linear_backward, arriving, stored, returns=("dA_prev", "dW", "db"))
    known = KnownLayer(*stored, arriving=arriving)
    expect_equal(linear_backward, "db", arriving.mean(axis=1).reshape(n, 1), got[2], known)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_linear_backward_dA_prev", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# 3 points: dA_prev from linear_backward
assert check_linear_backward(linear_backward, "dA_prev")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(6109)
for n_prev, n, m in [(4, 3, 5), (2, 6, 3), (5, 2, 7), (3, 3, 3), (2, 1, 1)]:
    stored = rng.standard_normal((n_prev, m)), rng.standard_normal((n, n_prev)), rng.standard_normal((n, 1))
    arriving = rng.standard_normal((n, m))
    got = attempt(linear_backward, arriving, stored, returns=("dA_prev", "dW", "db"))
    known = KnownLayer(*stored, arriving=arriving)
    expect_equal(linear_backward, "dA_prev", np.einsum("jk,ji->ki", stored[1], arriving), got[0], known)
### END HIDDEN TESTS

# %% [markdown]
# **Recall.**
#
# 1. Which of the three gradients are means over the examples, and which is not? Why?
# 2. Which of the three arrays in the cache is used for `dW`, and which for `dA_prev`?
#
# <details><summary>Answers</summary>
#
# 1. `dW` and `db` are means, because all examples share the parameters. `dA_prev` is not: each of its columns belongs
#    to one example.
# 2. `A_prev` for `dW`, `W` for `dA_prev`.
#
# </details>

# %% [markdown]
# ### 6.2 Linear and activation, backward
#
# Between $dA^{[l]}$ and $dZ^{[l]}$ stands the activation. Where it is steep, a change of $Z$ shows; where it is flat,
# nothing gets through. So the gradient is multiplied, entry by entry, by the slope $g'$ of the activation:
#
# $$ dZ^{[l]} = dA^{[l]} * g'(Z^{[l]}) \tag{11} $$
#
# The slope of ReLU is 1 where $Z$ was positive and 0 elsewhere: units that were silent get no blame. Two functions
# are given that compute (11); each takes what the layer's activation returned as its cache:
#
# ```python
# dZ = relu_backward(dA, activation_cache)
# dZ = sigmoid_backward(dA, activation_cache)
# ```
#
# > **Exercise 8: `linear_activation_backward`**
# > Difficulty 2 of 5 · importance 4 of 5 · about 5 minutes
# >
# > Complete both branches: first through the activation, then through the linear part. Mind the order: this time
# > the ReLU branch comes first.
#
# <details><summary>Hint 1: a question</summary>
#
# Going forward, a layer was LINEAR, then ACTIVATION. In which order do you meet them on the way back?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# The cache of the layer is a pair, taken apart in the first line. One half belongs to the activation, the other to
# the linear part.
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | `ValueError: not enough values to unpack` or `too many values` | which of the two caches does each call get? |
# | `TypeError: '<=' not supported between instances of 'tuple' and 'int'` | the same: what does `relu_backward` want? |
# | the gradients of both branches are equal | the same activation in both branches |
# | the message is about `linear_backward` | mend that function first; this one calls it |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "linear_activation_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: linear_activation_backward


def linear_activation_backward(dA, cache, activation):
    """Compute the gradients of one layer: through the activation, then through the linear part.

    Arguments:
    dA -- gradient of the loss with respect to this layer's activations
    cache -- the tuple (linear_cache, activation_cache) that linear_activation_forward returned for this layer
    activation -- which activation the layer uses, "sigmoid" or "relu"

    Returns:
    dA_prev -- gradient with respect to the activations of the layer before, same shape as A_prev
    dW -- gradient with respect to W, same shape as W
    db -- gradient with respect to b, same shape as b
    """
    linear_cache, activation_cache = cache

    if activation == "relu":
        ### START CODE HERE ###
        dZ = relu_backward(dA, activation_cache)
        dA_prev, dW, db = linear_backward(dZ, linear_cache)
        ### END CODE HERE ###

    elif activation == "sigmoid":
        ### START CODE HERE ###
        dZ = sigmoid_backward(dA, activation_cache)
        dA_prev, dW, db = linear_backward(dZ, linear_cache)
        ### END CODE HERE ###

    return dA_prev, dW, db


# %% [markdown]
# **Predict, then run.** The test case has one unit and two examples, and its `Z` is positive for the first and negative
# for the second. What does that mean for the second column of `dA_prev` with ReLU?

# %%
dA, linear_activation_cache = linear_activation_backward_test_case()
for activation in ["sigmoid", "relu"]:
    dA_prev, dW, db = linear_activation_backward(dA, linear_activation_cache, activation)
    print(f"dA_prev with {activation} =\n{dA_prev}")
    print(f"dW with {activation} = {dW}")
    print(f"db with {activation} = {db}")

# %% [markdown]
# **Expected output.** The first three rows belong to the sigmoid, the last three to ReLU.
#
# | name | value |
# |:--|:--|
# | `dA_prev with sigmoid` | `[[ 0.11017994  0.01105339]`<br>` [ 0.09466817  0.00949723]`<br>` [-0.05743092 -0.00576154]]` |
# | `dW with sigmoid` | `[[ 0.10266786  0.09778551 -0.01968084]]` |
# | `db with sigmoid` | `[[-0.05729622]]` |
# | `dA_prev with relu` | `[[ 0.44090989  0.        ]`<br>` [ 0.37883606  0.        ]`<br>` [-0.2298228   0.        ]]` |
# | `dW with relu` | `[[ 0.44513824  0.37371418 -0.10478989]]` |
# | `db with relu` | `[[-0.20837892]]` |

# %% nbgrader={"grade": true, "grade_id": "test_linear_activation_backward_relu", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points: linear_activation_backward with ReLU
assert check_linear_activation_backward(linear_activation_backward, "relu")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(6208)
for n_prev, n, m in [(4, 3, 5), (2, 6, 3), (5, 2, 7), (3, 3, 3), (2, 1, 1)]:
    stored = rng.standard_normal((n_prev, m)), rng.standard_normal((n, n_prev)), rng.standard_normal((n, 1))
    middle, arriving = rng.standard_normal((n, m)), rng.standard_normal((n, m))
    through = np.where(middle > 0, arriving, 0)
    got = attempt(
        linear_activation_backward, arriving, (stored, middle), activation="relu", returns=("dA_prev", "dW", "db")
    )
    known = KnownLayer(*stored, "relu", arriving=arriving, Z=middle)
    wanted = {
        "dA_prev": np.einsum("jk,ji->ki", stored[1], through),
        "dW": np.einsum("ji,ki->jk", through, stored[0]) / m,
        "db": through.mean(axis=1).reshape(n, 1),
    }
    for (name, value), one in zip(wanted.items(), got):
        expect_equal(linear_activation_backward, f"{name} with relu", value, one, known)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_linear_activation_backward_sigmoid", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points: linear_activation_backward with sigmoid
assert check_linear_activation_backward(linear_activation_backward, "sigmoid")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(6209)
for n_prev, n, m in [(4, 3, 5), (2, 6, 3), (5, 2, 7), (3, 3, 3), (2, 1, 1)]:
    stored = rng.standard_normal((n_prev, m)), rng.standard_normal((n, n_prev)), rng.standard_normal((n, 1))
    middle, arriving = rng.standard_normal((n, m)), rng.standard_normal((n, m))
    through = arriving / (2 + np.exp(middle) + np.exp(-middle))
    got = attempt(
        linear_activation_backward, arriving, (stored, middle), activation="sigmoid", returns=("dA_prev", "dW", "db")
    )
    known = KnownLayer(*stored, "sigmoid", arriving=arriving, Z=middle)
    wanted = {
        "dA_prev": np.einsum("jk,ji->ki", stored[1], through),
        "dW": np.einsum("ji,ki->jk", through, stored[0]) / m,
        "db": through.mean(axis=1).reshape(n, 1),
    }
    for (name, value), one in zip(wanted.items(), got):
        expect_equal(linear_activation_backward, f"{name} with sigmoid", value, one, known)
### END HIDDEN TESTS

# %% [markdown]
# **Recall.**
#
# 1. A hidden unit with ReLU had a negative $Z$ for every example. What are the gradients of its weights?
# 2. Why does `relu_backward` need the cache of the activation?
#
# <details><summary>Answers</summary>
#
# 1. Zero. Nothing the unit does changes the cost, so nothing tells it where to go.
# 2. It has to know where $Z$ was positive.
#
# </details>

# %% [markdown]
# ### 6.3 The whole model, backward
#
# The forward pass kept one cache per layer, with everything that layer had in its hands. Now walk through the layers
# from the last to the first, and hand each its own cache and the gradient that the layer after it sends back.
#
# ![The backward pass from right to left: dA of layer L enters LINEAR and SIGMOID backward once, which sends back dA of layer L-1; LINEAR and RELU backward follow L-1 times, down to dA of the input, number 0. Each layer reads its own cache from the list caches, and its three gradients are kept in grads.](images/backward_pass.svg)
#
# *Figure 5. The backward pass, from $dA^{[L]}$ on the right to $dA^{[0]}$ on the left.*
#
# Somebody has to send the first gradient: the cost itself. The network's output is $A^{[L]} = \sigma(Z^{[L]})$, and
# the derivative of the cross-entropy with respect to it, $dA^{[L]} = \frac{\partial \mathcal{L}}{\partial A^{[L]}}$,
# is in code
#
# ```python
# dAL = - (np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
# ```
#
# It comes by school calculus from the loss of one example, which is the bracket in (7) with a minus in front: the
# derivative of $\log a$ is $1/a$. You can use it as it stands.
#
# Every gradient is stored in the dictionary `grads`, under the name of its parameter:
#
# $$ grads[\text{"dW"} + str(l)] = dW^{[l]} \tag{15} $$
#
# so `grads["dW3"]` holds $dW^{[3]}$. The gradients of activations follow the same rule: `grads["dA" + str(l)]` is
# $dA^{[l]}$, the gradient with respect to the output of layer $l$. So layer $L$ sends back `grads["dA" + str(L-1)]`,
# and layer 1 sends back `grads["dA0"]`, the gradient with respect to the input.
#
# > **Exercise 9: `L_model_backward`**
# > Difficulty 5 of 5 · importance 5 of 5 · about 25 minutes
# >
# > Compute `dAL`, then go through layer $L$ (sigmoid), then through the layers $L-1, \dots, 1$ (ReLU).
# >
# > In Python a list starts at 0, so `caches[0]` belongs to layer 1. The loop variable `l` runs from $L-2$ down to 0:
# > it is the *position in the list*, and the layer there has the number `l + 1`.
#
# <details><summary>Hint 1: a question</summary>
#
# Take $L = 3$ and write down the two rounds of the loop. In the first round `l` is 1. Which layer is that? Which
# cache does it need, which gradient comes in, and under which three names do its results go into `grads`?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# The gradient that comes in was put into `grads` one step before. Look for the step that stored it, and read off its
# name. `dAL` itself is used once only.
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | `KeyError: 'dA...'` | the name under which the step before stored its result |
# | `IndexError: list index out of range` | `caches` has $L$ entries: which position has the last one? |
# | `ValueError: shapes ... not aligned`, `matmul: Input operand 1 has a mismatch`, or an assertion about a shape | a cache that belongs to another layer |
# | `UnboundLocalError: ... 'dA_prev'` in `linear_activation_backward` | neither of its branches ran: compare your name of the activation with its docstring, letter by letter |
# | layer $L$ is right, all others are wrong | is the loop's activation ReLU? Does the right gradient come in? |
# | right with two layers, wrong with three | a fixed number where `l` should be, or `dAL` sent to every layer |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "L_model_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: L_model_backward


def L_model_backward(AL, Y, caches):
    """Compute all gradients of the network: LINEAR -> SIGMOID backward, then (L-1) times LINEAR -> RELU backward.

    Arguments:
    AL -- the network's guesses, as L_model_forward returned them, shape (1, number of examples)
    Y -- the true labels, shape (1, number of examples)
    caches -- the list of L caches that L_model_forward returned; caches[l] belongs to layer l + 1

    Returns:
    grads -- dictionary with
        grads["dA" + str(l)] for l = 0, ..., L-1
        grads["dW" + str(l)] and grads["db" + str(l)] for l = 1, ..., L
    """
    grads = {}
    L = len(caches)  # number of layers
    m = AL.shape[1]
    Y = Y.reshape(AL.shape)  # from here on, Y has the shape of AL

    # Where the backward pass starts: the gradient of the loss with respect to AL.
    ### START CODE HERE ###
    dAL = - (np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    ### END CODE HERE ###

    # Layer L: SIGMOID -> LINEAR. Needs dAL and the layer's cache; gives dA of layer L-1, dW and db of layer L.
    ### START CODE HERE ###
    current_cache = caches[L - 1]
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = linear_activation_backward(
        dAL, current_cache, "sigmoid"
    )
    ### END CODE HERE ###

    for l in reversed(range(L - 1)):
        # Layer l + 1: RELU -> LINEAR. Needs dA of layer l + 1 and the layer's cache;
        # gives dA of layer l, dW and db of layer l + 1.
        ### START CODE HERE ###
        current_cache = caches[l]
        dA_prev_temp, dW_temp, db_temp = linear_activation_backward(
            grads["dA" + str(l + 1)], current_cache, "relu"
        )
        grads["dA" + str(l)] = dA_prev_temp
        grads["dW" + str(l + 1)] = dW_temp
        grads["db" + str(l + 1)] = db_temp
        ### END CODE HERE ###

    return grads


# %% [markdown]
# **Predict, then run.** The test case has 4 inputs, 3 hidden units, one output and 2 examples. `print_grads` shows the
# gradients of layer 1, and those of the two activations, `dA1` and `dA0`. Which shapes will these four have?

# %%
AL, Y_assess, caches = L_model_backward_test_case()
grads = L_model_backward(AL, Y_assess, caches)
print_grads(grads)

# %% [markdown]
# **Expected output.** The second hidden unit was silent for both examples: find it in `dW1` and `db1`. `dA1` does not
# show it, because that is what reaches the units, before their ReLUs are asked. What does the column of zeros in `dA0`
# say about the first example?
#
# | name | value |
# |:--|:--|
# | `dW1` | `[[0.41010002 0.07807203 0.13798444 0.10502167]`<br>` [0.         0.         0.         0.        ]`<br>` [0.05283652 0.01005865 0.01777766 0.0135308 ]]` |
# | `db1` | `[[-0.22007063]`<br>` [ 0.        ]`<br>` [-0.02835349]]` |
# | `dA1` | `[[ 0.12913162 -0.44014127]`<br>` [-0.14175655  0.48317296]`<br>` [ 0.01663708 -0.05670698]]` |
# | `dA0` | `[[ 0.          0.52257901]`<br>` [ 0.         -0.3269206 ]`<br>` [ 0.         -0.32070404]`<br>` [ 0.         -0.74079187]]` |
#
# (Some versions of this exercise number the gradients of activations one higher, so that what is sent back to the
# input is called `dA1`. The check takes either numbering, as long as you keep to one.)

# %% nbgrader={"grade": true, "grade_id": "test_L_model_backward", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
# 10 points: L_model_backward
assert check_L_model_backward(L_model_backward)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(6309)
for sizes, m in [([5, 1], 3), ([4, 3, 1], 5), ([3, 5, 2, 1], 4), ([6, 4, 3, 2, 1], 5), ([1, 1, 1, 1], 3)]:
    stored = [
        ((rng.standard_normal((a, m)), rng.standard_normal((n, a)), rng.standard_normal((n, 1))), rng.standard_normal((n, m)))
        for a, n in zip(sizes[:-1], sizes[1:])
    ]
    guesses, labels = rng.uniform(0.1, 0.9, (1, m)), np.arange(m).reshape(1, m) % 2
    last = len(stored)
    expected = {f"dA{last}": (guesses - labels) / (guesses * (1 - guesses))}
    for layer in range(last, 0, -1):
        (signal, weights, biases), middle = stored[layer - 1]
        slope = 1 / (2 + np.exp(middle) + np.exp(-middle)) if layer == last else np.where(middle > 0, 1, 0)
        through = expected[f"dA{layer}"] * slope
        expected[f"dW{layer}"] = np.einsum("ji,ki->jk", through, signal) / m
        expected[f"db{layer}"] = through.mean(axis=1).reshape(biases.shape)
        expected[f"dA{layer - 1}"] = np.einsum("jk,ji->ki", weights, through)
    got = attempt(L_model_backward, guesses, labels, stored)
    expect_grads(L_model_backward, expected, got, KnownGradients(guesses, labels, stored))
### END HIDDEN TESTS

# %% [markdown]
# **Recall.**
#
# 1. Which gradient goes into layer $l$ on the way back, and which comes out?
# 2. Which of the stored gradients does the update of the parameters not need?
#
# <details><summary>Answers</summary>
#
# 1. $dA^{[l]}$ goes in; $dA^{[l-1]}$ comes out, beside $dW^{[l]}$ and $db^{[l]}$.
# 2. All $dA$. They only carry the message from layer to layer.
#
# </details>

# %% [markdown]
# ### 6.4 Look at it from outside
#
# You have the whole way back. Three pictures of your own numbers show whether it holds together, and each of them tells
# you where to look if it does not.
#
# First the **shapes**: a batch of five examples goes through a network with the layers 4, 3, 2 and 1, and back. Every
# gradient must have the shape of what it is a gradient of.

# %% tags=["skip-execution"]
from dnn_lab.figures.traces import draw_gradient_check, draw_shape_trace

draw_shape_trace([4, 3, 2, 1], 5, initialize_parameters_deep([4, 3, 2, 1]), linear_activation_forward,
                 linear_activation_backward)

# %% [markdown]
# Then **what feeds what**. Below is one layer of the test case of exercise 9. At the top stands what the forward pass has
# stored, at the bottom what goes into `grads`. Follow the arrows: which of the three gradients is made of `dZ` alone?

# %% tags=["skip-execution"]
from dnn_lab.figures.plots import draw_cache_flow

AL, Y_assess, caches = L_model_backward_test_case()
draw_cache_flow(caches, L_model_backward(AL, Y_assess, caches), layer=1)

# %% [markdown]
# Last, the **gradient check**. A gradient says how fast the cost changes when one parameter moves, so it can be measured
# without any backward pass: move the parameter a little up, a little down, and see what the cost does. For one parameter
# $\theta$ and a step $\varepsilon$,
#
# $$ \frac{\partial \mathcal{J}}{\partial \theta} \approx \frac{\mathcal{J}(\theta + \varepsilon) -
# \mathcal{J}(\theta - \varepsilon)}{2 \varepsilon}. $$
#
# Each point below is one parameter: to the right the measured slope, upwards the gradient from your functions. Where do
# the points lie if all is right? What would you see if you had forgotten the $\frac{1}{m}$? The network has three layers
# this time, one more than the test case above.

# %% tags=["skip-execution"]
rng = np.random.default_rng(2)
parameters = {"W1": rng.standard_normal((4, 5)), "b1": rng.standard_normal((4, 1)),
              "W2": rng.standard_normal((3, 4)), "b2": rng.standard_normal((3, 1)),
              "W3": rng.standard_normal((1, 3)), "b3": rng.standard_normal((1, 1))}
X, Y = rng.standard_normal((5, 6)), np.array([[1, 0, 1, 1, 0, 0]])
draw_gradient_check(parameters, X, Y, L_model_forward, compute_cost, L_model_backward)

# %% [markdown]
# All points on the diagonal: the gradient is right. All on another straight line: a factor is missing, and its slope
# tells you which. A few off it: look at the parameters that the table names. All off it, and no factor explains it: the
# slopes are measured with your `compute_cost`, so look there, too.

# %% [markdown]
# ## 7 Update
#
# The gradient points to where the cost grows. Go the other way, by a small step $\alpha$, the **learning rate**:
#
# $$ W^{[l]} = W^{[l]} - \alpha \, dW^{[l]} \tag{16} $$
#
# $$ b^{[l]} = b^{[l]} - \alpha \, db^{[l]} \tag{17} $$
#
# This is called gradient descent. With too small an $\alpha$ it takes for ever, with too large an $\alpha$ it jumps
# over the valley.
#
# > **Exercise 10: `update_parameters`**
# > Difficulty 2 of 5 · importance 4 of 5 · about 5 minutes
# >
# > Apply (16) and (17) to every layer, $l = 1, \dots, L$, and store the new values in `parameters`. This gap has no
# > lines to start from: write the loop yourself.
#
# <details><summary>Hint 1: a question</summary>
#
# Which values does `range(L)` give, and which layers are there? What follows for the names of the parameters?
#
# </details>
# <details><summary>Hint 2: a pointer</summary>
#
# A name such as `"W2"` is made as in exercise 2. Its gradient has the same name with a `d` in front.
#
# </details>
# <details><summary>Help by symptom</summary>
#
# | what you see | what to look at |
# |:--|:--|
# | `KeyError: 'W0'` | layers are counted from 1 |
# | the last layer has its old values | the end of the range |
# | the parameters come back as they went in | the new values were computed but not stored |
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "update_parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
# GRADED FUNCTION: update_parameters


def update_parameters(parameters, grads, learning_rate):
    """Move every parameter one step of gradient descent.

    Arguments:
    parameters -- dictionary with "W1", "b1", ..., "WL", "bL"
    grads -- dictionary with the gradients, as L_model_backward returned it
    learning_rate -- the step size alpha

    Returns:
    parameters -- dictionary with the new values under the same names
    """
    L = len(parameters) // 2  # each layer has two parameters

    # The update rule for every parameter; use a for loop.
    ### START CODE HERE ###
    for l in range(1, L + 1):
        parameters["W" + str(l)] = parameters["W" + str(l)] - learning_rate * grads["dW" + str(l)]
        parameters["b" + str(l)] = parameters["b" + str(l)] - learning_rate * grads["db" + str(l)]
    ### END CODE HERE ###

    return parameters


# %% [markdown]
# **Predict, then run.** With a learning rate of 0.1, a parameter whose gradient is 2 changes by how much, and in which
# direction?

# %%
parameters, grads = update_parameters_test_case()
parameters = update_parameters(parameters, grads, 0.1)
for name in ["W1", "b1", "W2", "b2"]:
    print(f"{name} =\n{parameters[name]}")

# %% [markdown]
# **Expected output.** Each row is one parameter after the step.
#
# | name | value |
# |:--|:--|
# | `W1` | `[[-0.59562069 -0.09991781 -2.14584584  1.82662008]`<br>` [-1.76569676 -0.80627147  0.51115557 -1.18258802]`<br>` [-1.0535704  -0.86128581  0.68284052  2.20374577]]` |
# | `b1` | `[[-0.04659241]`<br>` [-1.28888275]`<br>` [ 0.53405496]]` |
# | `W2` | `[[-0.55569196  0.0354055   1.32964895]]` |
# | `b2` | `[[-0.84610769]]` |

# %% nbgrader={"grade": true, "grade_id": "test_update_parameters_weights", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points: the weights from update_parameters
assert check_update_parameters(update_parameters, "weights")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(7010)
for sizes, rate in [([5, 1], 0.5), ([4, 3, 1], 0.02), ([3, 5, 2, 1], 1.5), ([6, 4, 3, 2, 1], 0.3)]:
    old, slopes, wanted = {}, {}, {}
    for layer, (columns, rows) in enumerate(zip(sizes[:-1], sizes[1:]), start=1):
        for name, shape in [(f"W{layer}", (rows, columns)), (f"b{layer}", (rows, 1))]:
            old[name], slopes["d" + name] = rng.standard_normal(shape), rng.standard_normal(shape)
            wanted[name] = old[name] + slopes["d" + name] * -rate
        slopes[f"dA{layer - 1}"] = rng.standard_normal((columns, 2))  # not for the update, but it is there
    known = KnownStep(old, rate)
    got = attempt(update_parameters, old, slopes, rate, may_change=(0,))
    expect_keys(update_parameters, "parameters", wanted, got)
    for name in wanted:
        if name.startswith("W"):
            expect_equal(update_parameters, f'parameters["{name}"]', wanted[name], got[name], known)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_update_parameters_biases", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
# 5 points: the biases from update_parameters
assert check_update_parameters(update_parameters, "biases")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(7011)
for sizes, rate in [([5, 1], 0.5), ([4, 3, 1], 0.02), ([3, 5, 2, 1], 1.5), ([6, 4, 3, 2, 1], 0.3)]:
    old, slopes, wanted = {}, {}, {}
    for layer, (columns, rows) in enumerate(zip(sizes[:-1], sizes[1:]), start=1):
        for name, shape in [(f"W{layer}", (rows, columns)), (f"b{layer}", (rows, 1))]:
            old[name], slopes["d" + name] = rng.standard_normal(shape), rng.standard_normal(shape)
            wanted[name] = old[name] + slopes["d" + name] * -rate
        slopes[f"dA{layer - 1}"] = rng.standard_normal((columns, 2))  # not for the update, but it is there
    known = KnownStep(old, rate)
    got = attempt(update_parameters, old, slopes, rate, may_change=(0,))
    expect_keys(update_parameters, "parameters", wanted, got)
    for name in wanted:
        if name.startswith("b"):
            expect_equal(update_parameters, f'parameters["{name}"]', wanted[name], got[name], known)
### END HIDDEN TESTS

# %% [markdown]
# **Recall.**
#
# 1. Why is there a minus in (16) and (17)?
# 2. What happens if $\alpha = 0$?
#
# <details><summary>Answers</summary>
#
# 1. The gradient says in which direction the cost grows, and you want it to fall.
# 2. The parameters stay as they are, and the network never learns.
#
# </details>

# %% [markdown]
# ## 8 Your network at work
#
# You have all ten parts. Nothing in this section is graded; it is there to be run, and to be played with.
#
# First, wrap the parts in a class. It remembers the parameters, and repeats the circle of figure 1 as often as you
# say: forward, cost, backward, update.

# %%
class DeepNetwork:
    """A classifier with two classes, made of the ten functions above.

    layer_dims -- list with the size of each layer, the input first and a single output last
    learning_rate -- the step size of gradient descent
    """

    def __init__(self, layer_dims, learning_rate=1.0):
        self.parameters = initialize_parameters_deep(layer_dims)
        self.learning_rate = learning_rate
        self.costs = []

    def fit(self, X, Y, iterations):
        """Repeat forward, cost, backward and update, and return the network."""
        for _ in range(iterations):
            AL, caches = L_model_forward(X, self.parameters)
            self.costs.append(compute_cost(AL, Y))
            grads = L_model_backward(AL, Y, caches)
            self.parameters = update_parameters(self.parameters, grads, self.learning_rate)
        return self

    def predict(self, X):
        """Return 1 for each example that the network holds to be more likely a 1 than a 0."""
        AL, _ = L_model_forward(X, self.parameters)
        return (AL > 0.5).astype(int)

    def accuracy(self, X, Y):
        """Return the share of examples that are classified correctly."""
        return float(np.mean(self.predict(X) == Y))


# %% [markdown]
# The data: points in a disc with the label 1, surrounded by a ring of points with the label 0. No straight line can
# separate them.
#
# **Predict, then run.** The first network has no hidden layer, so it can only draw a straight line. The second has a
# hidden layer with four ReLU units. What accuracy do you expect from each?

# %% tags=["skip-execution"]
rng = np.random.default_rng(1)
Y = np.arange(300).reshape(1, -1) % 2
angle = rng.uniform(0, 2 * np.pi, Y.shape)
radius = np.where(Y == 1, 0.6, 1.6) + rng.normal(0, 0.2, Y.shape)
X = np.vstack([radius * np.cos(angle), radius * np.sin(angle)])

flat = DeepNetwork([2, 1]).fit(X, Y, 2000)
deep = DeepNetwork([2, 4, 1]).fit(X, Y, 2000)
for name, network in [("one layer", flat), ("two layers", deep)]:
    print(f"{name}: cost {network.costs[0]:.3f} at first, {network.costs[-1]:.3f} at last, "
          f"accuracy {network.accuracy(X, Y):.0%}")

# %% [markdown]
# And the same as a picture: on the left how the cost fell, in the middle and on the right where each network draws the
# border between the two classes. The lines above have the numbers that belong to it.

# %% tags=["skip-execution"]
from dnn_lab.figures.output import Picture, show

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.8))
left.plot(flat.costs, color="#0072B2", linestyle="--", label="one layer")
left.plot(deep.costs, color="#D55E00", label="two layers")
left.set(xlabel="iteration", ylabel="cost", title="Cost while learning")
left.legend()

grid_x, grid_y = np.meshgrid(np.linspace(-2.4, 2.4, 120), np.linspace(-2.4, 2.4, 120))
points = np.vstack([grid_x.ravel(), grid_y.ravel()])
for axes, network, title in [(middle, flat, "One layer"), (right, deep, "Two layers, four hidden units")]:
    guess = L_model_forward(points, network.parameters)[0].reshape(grid_x.shape)
    axes.contourf(grid_x, grid_y, guess, levels=np.linspace(0, 1, 11), cmap="cividis", alpha=0.8)
    for label, marker in [(0, "o"), (1, "^")]:
        chosen = Y[0] == label
        axes.scatter(*X[:, chosen], s=14, marker=marker, color="white", edgecolor="black", linewidth=0.6)
    axes.set(title=title, aspect="equal")
figure.tight_layout()
show(Picture(figure, f"On the left two curves of the cost over {len(flat.costs)} iterations: one layer ends at "
                     f"{flat.costs[-1]:.2f}, two layers at {deep.costs[-1]:.2f}. In the middle and on the right the border "
                     f"that each draws between disc and ring: {flat.accuracy(X, Y):.0%} and {deep.accuracy(X, Y):.0%} of "
                     "the points are on the right side."))

# %% [markdown]
# What to try:
#
# - Other sizes of the hidden layer. With how many units can the network close the ring, and what does it do with fewer?
# - Another learning rate, or fewer iterations. The cost has a step in it: what happens to the border there?
# - A second hidden layer, `[2, 8, 4, 1]`. The cost stays at 0.693, which you know from exercise 6, and will not move.
#   The next cell shows why.

# %% tags=["skip-execution"]
from dnn_lab.figures.plots import draw_layer_sizes

narrow = DeepNetwork([2, 8, 4, 1])
AL, caches = L_model_forward(X, narrow.parameters)
draw_layer_sizes(caches, L_model_backward(AL, Y, caches))

# %% [markdown]
# What comes into a layer is a hundred times smaller than what came into the layer before, since the weights are 0.01
# times a random number. The gradients are products of such numbers, so they are smaller still, and a step along them
# changes next to nothing. The way out is in the next assignment.

# %% [markdown]
# ### 8.1 The playground
#
# Now watch it happen. The cell below takes your functions as they are and lets them learn a pattern of points in two
# colours, first the flower with the layers `[2, 4, 1]`. Press **Play**. On the left you see the border that your network
# draws between the classes, on the right the cost, and below it what each hidden unit answers in each place.
#
# The line **State** holds everything that you see. Copy it, send it to a friend, paste it into the same field: the same
# network comes back.

# %% tags=["skip-execution"]
from dnn_lab.playground import playground

playground(globals(), "flower m=400 noise=0.05 seed=1 layers=2,4,1 start=0.01 rate=1.2 step=0")

# %% [markdown]
# **Predict, then try.**
#
# 1. Each hidden unit can bend the border only along one straight line, and the flower has six petals. What changes with
#    eight units in place of four, and what with two layers of 16 and 8?
# 2. With two hidden layers and first weights of 0.01, nothing happens for a long time. Choose `1/sqrt(n)`. Which units
#    wake up first?
# 3. The circles are easy for four units. How few are enough?
# 4. Let the learning rate grow until the curve of the cost begins to jump. What does the border do then?
#
# <details><summary>Answers</summary>
#
# 1. With four units about two thirds of the points lie on the right side, with eight nearly nine of ten. The two layers
#    find all six petals.
# 2. Watch layer 1: layer 2 can only use what layer 1 offers.
# 3. Three. Each unit bends the border along one straight line, and with two there is always a way out to infinity.
# 4. It jumps, too: the steps are longer than the valley is wide.
#
# </details>

# %% [markdown]
# And where do you stand now?

# %% tags=["skip-execution"]
show_progress(EXERCISES, globals())

# %% [markdown]
# ## 9 Conclusion
#
# You have written every part of a deep network: the random start, the way forward, the cost, the way back and the
# update. The rest is repetition. In the next assignment you put the same functions together into two models, a network
# with two layers and one with $L$ layers, and let them tell pictures of cats from pictures of other things.

"""Plain twins of `optim`: one step of each optimiser, for one array of weights.

Nothing is changed in place: each function returns the new w, and its new state
where it has one. The state begins at zero.
"""

import numpy as np


def sgd(w, g, lr=0.01):
    """w ← w − lr · g. See `optim.SGD`.

    >>> sgd(np.array([1.0]), np.array([2.0]), lr=0.25)
    array([0.5])
    """
    return w - lr * g


def momentum(w, g, v, lr=0.01, mu=0.9):
    """v ← μ v + g; w ← w − lr · v. See `optim.SGD`.

    >>> momentum(np.array([1.0]), np.array([2.0]), np.array([10.0]), lr=0.1)
    (array([-0.1]), array([11.]))
    """
    v = mu * v + g
    return w - lr * v, v


def nesterov(w, g, v, lr=0.01, mu=0.9):
    """v ← μ v + g; w ← w − lr · (g + μ v). See `optim.SGD`."""
    v = mu * v + g
    return w - lr * (g + mu * v), v


def rmsprop(w, g, s, lr=0.01, rho=0.99, eps=1e-8):
    """s ← ρ s + (1 − ρ) g²; w ← w − lr · g / (√s + ε). See `optim.RMSProp`."""
    s = rho * s + (1 - rho) * g**2
    return w - lr * g / (np.sqrt(s) + eps), s


def adam(w, g, m, v, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    """m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − lr m̂ / (√v̂ + ε).

    m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ), t = 1, 2, … See `optim.Adam`.

    >>> one, zero = np.ones(1), np.zeros(1)
    >>> adam(one, 7 * one, zero, zero, t=1, lr=0.1)[0].round(6)
    array([0.9])
    """
    beta1, beta2 = betas
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def adamw(
    w, g, m, v, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
):
    """w ← (1 − lr · λ) w, then the step of `adam`. See `optim.AdamW`."""
    w = (1 - lr * weight_decay) * w
    return adam(w, g, m, v, t, lr, betas, eps)

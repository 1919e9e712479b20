"""A small network that learns a pattern of points while one watches."""

from dnn_lab.playground.widget import playground

__all__ = ["playground"]

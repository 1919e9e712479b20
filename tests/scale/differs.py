"""A worker's preload: other versions are installed here."""

from autograder.batch import dask_worker

dask_worker.grader_hash = lambda: "another"

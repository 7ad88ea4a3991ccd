"""The autograder: what a student hands in runs in a worker; the grader asks, compares and scores.

The worker holds no tests, no expected values and no reference ops; see `protocol` for what crosses.
"""

"""Exercises: the tasks of each, their public checks, and the diagnosis of what went wrong.

A notebook says `from course_nn.exercises import check`.
"""

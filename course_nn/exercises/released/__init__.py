"""The tasks of every exercise as students have them, written by `course-nn release`."""

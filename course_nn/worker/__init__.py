"""All that enters the sandbox, and nothing else: copied there whole, it stands on NumPy alone.

It holds no tests, no right answers and nothing of the rest of `course_nn`.
"""

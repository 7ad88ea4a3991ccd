"""`python -m course_nn.cli` is the command."""

from . import main

if __name__ == "__main__":
    main()

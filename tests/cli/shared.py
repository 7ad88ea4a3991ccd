"""What the command's tests share: to call it, and what it said."""

from typer.testing import CliRunner

from course_nn import cli


def call(*arguments: object):
    """What the command says and how it ends."""
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def said(result) -> str:
    """All that was said, on one line."""
    return " ".join(result.output.split())

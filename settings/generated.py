"""The command line of what writes files that are generated from the code."""

import argparse


def only_check(module: str, about: str | None, arguments: list[str]) -> bool:
    """Return whether files are to be checked only; exits where help is asked for or an option is mistyped.

    Args:
        module: the module that is run.
        about: its docstring.
        arguments: what follows its name.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=about)
    parser.add_argument("--check", action="store_true", help="write nothing, and exit with 1 if a file is stale")
    return bool(parser.parse_args(arguments).check)

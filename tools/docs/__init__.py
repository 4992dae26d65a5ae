"""The tables of the documentation, written from the code: `python -m tools.docs`, and `--check` to only compare.

A page asks for a table with a pair of marks, `<!-- NAME begin -->` and `<!-- NAME end -->`; `tables.py` has the names.
"""

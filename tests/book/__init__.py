"""Tests of the book's sources and of its formulas; tests/test_book.py looks at the built pages."""

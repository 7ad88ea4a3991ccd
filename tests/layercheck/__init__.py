"""Tests of the check of a layer: its trial, its report, and the parts it is made of."""

"""Rewrites: the same value in a better form.  Each is one named function with its own tests."""

"""The proof: the generated module is executed in a fresh process and its numbers are compared with the file's."""

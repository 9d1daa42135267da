"""What was probably done where a claim is wrong: the mistakes that people make, each tried by computing with it."""

"""Claims: the lines of somebody's working, each proved, refuted, or found to be built on a wrong one.

    reading      from a file of lines, in plain text or LaTeX, to claims about a network
    working      the entries, derivatives and updates that claims are about, with their equations and numbers
    judging      what is true of each claim
    proof        whether two formulas are equal
    diagnosis    what was probably done where a claim is wrong

What is worked on a claim is counted (`effort`), and expressions with cases are taken apart by `branches`.
"""

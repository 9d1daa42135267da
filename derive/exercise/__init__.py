"""Exercises: a sheet with gaps for a student, fresh numbers for each seed, and the solution on a page of its own.

The sheet is the worked solution with room where its numbers stand, so the two have the same steps; the numbers are those
of the generated module.
"""

from derive.exercise.search import exercise
from derive.exercise.sheet import Sheet, Task
from derive.exercise.solvable import Unsuitable

__all__ = ["Sheet", "Task", "Unsuitable", "exercise"]

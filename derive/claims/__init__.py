"""Claims: the lines of somebody's working, each proved, refuted, or found to be built on a wrong one."""

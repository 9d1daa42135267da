class ScalarView: pass
def find_entries(*a): return None

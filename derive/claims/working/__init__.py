"""The network as a working speaks of it: entries, derivatives and updates with their equations and their numbers."""

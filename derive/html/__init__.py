"""From the document to one HTML page that needs no other file: its text, the network as a picture, numbers that move."""

from derive.html.learning import Learning
from derive.html.moments import Moments, Plan, planned
from derive.html.page import page
from derive.html.sections import sections

__all__ = ["Learning", "Moments", "Plan", "page", "planned", "sections"]

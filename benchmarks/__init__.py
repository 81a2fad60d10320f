"""Figures; the only place that looks at a real clock."""

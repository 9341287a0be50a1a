"""Estimates: open share of segments, reply and acceptance rates."""

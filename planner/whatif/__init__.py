"""What if: a run planned again with something changed, and what each limit is worth."""

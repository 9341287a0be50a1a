"""What a plan leads to: Monte Carlo of its sends, and of other ways to send."""

"""The page of pictures that goes with a run: what stands in it, and the page itself."""

"""From volumes to people, and the audit of the result."""

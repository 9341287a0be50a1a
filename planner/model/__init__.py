"""The planning model: classes, instance, linear program, solve."""

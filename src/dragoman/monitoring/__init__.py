"""What is seen of a model at work."""

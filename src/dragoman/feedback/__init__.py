"""What comes back after the answer: labels."""

"""What users do after an answer: events, what they come to for each version, and the lift of a release."""

"""The loop: durable jobs, when a model is trained anew, what that costs and may cost."""

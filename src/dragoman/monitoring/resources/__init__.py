"""What serving takes of the machine: process and GPU metrics, memory that grows, compute and memory by model."""

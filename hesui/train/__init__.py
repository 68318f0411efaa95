"""Training: runs as folders, a worker process that trains, and everything that watches it from outside."""

"""The process that trains a run: the only place that imports torch, transformers, peft and trl for training."""

"""Releases the clusters that a stack's bursts hold, before the stack is destroyed."""

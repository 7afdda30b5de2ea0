"""What an operator starts: one verb per file, composition only."""

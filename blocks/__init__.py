"""Who we are and what we want, typed."""

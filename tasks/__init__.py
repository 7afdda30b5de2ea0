"""How one cloud step is done: a noun per file, holding ensure_*, check_* or wait_for_*."""

"""Which address of a register an address as written means: read, compare, choose."""

"""What there is to read: every stream's declaration, and the seam with the SDK; imports `sync` and what is below."""

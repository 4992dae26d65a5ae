"""What there is to read: every stream, its declaration, and the seam with the SDK."""

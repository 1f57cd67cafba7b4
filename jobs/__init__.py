"""What runs later, or in another process."""

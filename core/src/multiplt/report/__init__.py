"""What came of it: tables for people to read."""

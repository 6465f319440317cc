"""Running programs that nobody trusts, and judging what they answer."""

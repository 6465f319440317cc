"""Step 2: from tested functions to validated translations."""

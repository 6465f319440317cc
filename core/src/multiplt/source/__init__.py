"""Step 1: from Python source to tested, typed functions."""

"""Step 4: benchmarks, pass@k, comparison."""

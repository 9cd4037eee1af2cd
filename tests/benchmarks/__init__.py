"""The budget, measured: every figure in one run, so that ratios compare like with like."""

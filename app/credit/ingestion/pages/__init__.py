"""Pages of the data officer and the operator: batches, rows put aside, the score of a department."""

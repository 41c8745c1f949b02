"""What responses cost and what was saved: the arithmetic of one, the sums of many."""

"""The pages of complaints: one list and one case, each as its reader needs it; and the lines beside an order."""

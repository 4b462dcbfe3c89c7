"""Commands of deliveries: endpoints and their keys; what is told; sending and sending again."""

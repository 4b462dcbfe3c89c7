"""The pages of orders: a firm's way to a posted order, and what it sees of it afterwards."""

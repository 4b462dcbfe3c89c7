"""Commands of this room: outlets, what is published, pools, and the changes that need two people."""

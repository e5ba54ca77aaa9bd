"""What researchers see: a file a room of the studio."""

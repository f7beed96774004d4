// The room Node.

"""What the centre does, as commands over its store: each is one decision and one transaction."""

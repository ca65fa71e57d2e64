"""The centre over HTTP: what edges send, and the JSON that the pages read."""

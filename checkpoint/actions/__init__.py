"""What an edge can do, one module for each group of commands; each command is one commit."""

"""Playing a drill: its own edge and folder, simulated scanners, the script, and officers for a demonstration."""

"""Records of what happens at a gate beside the crossing itself, one module for each room."""

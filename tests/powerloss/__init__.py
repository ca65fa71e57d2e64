"""What a power cut, a failing disk and a flipped bit do to the edge's store, tried in full: see ``__main__``."""

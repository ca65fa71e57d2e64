"""The pictures of the screens, taken from the played demonstration. See ``__main__``."""

"""What a camera sees of a document: codes and the machine readable zone become texts for the one reader."""

"""Does a device tell what it measured? Tests on the stream of its readings; a suspicion is no proof, and says why."""

"""The register of border passes: names, states, pairing and links as pure rules; no input or output."""

"""One named test for each attack of the security page; ``test_all_attacks_are_here`` counts them."""

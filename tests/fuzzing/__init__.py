"""Coverage-guided fuzzing of every driver's decoder; ``python -m tests.fuzzing --executions N``."""

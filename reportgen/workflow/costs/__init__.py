"""Time and memory that a study needs: estimates by a model, and by measuring shortened trainings."""

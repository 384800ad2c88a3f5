"""Pictures of components: activations, schedules, dropout, and the layout of a search."""

"""Pictures of the lectures: figures that explain a component, the data or the training of a network."""

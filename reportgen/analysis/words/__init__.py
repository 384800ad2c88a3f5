"""Names, numbers and expectations as text."""

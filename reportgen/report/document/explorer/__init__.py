"""The explorer of the page: its data, and the colours of its lines."""

"""Forward and backward passes of each kind of layer."""

"""Rules about faults in the code of a training loop, which a recorder observes."""

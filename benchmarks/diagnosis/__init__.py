"""How often the diagnoses are right: planted faults and healthy controls, each shown to be what it says it is."""

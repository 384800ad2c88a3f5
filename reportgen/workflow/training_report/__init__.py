"""From a diagnosis to its report: groups of runs, files with checksums, and the folder that is written."""

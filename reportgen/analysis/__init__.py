"""Analysis of a study: computes everything that a report shows from the records of its runs. It never trains."""

"""Commands of the command line that are more than one function, a file for each noun."""

"""A synthetic city with nobody real in it, and the services that a city would bring."""

"""Templates, template tags and page parts that every face shares."""

"""JitterbitOrganization: the connection to one Harmony organization."""

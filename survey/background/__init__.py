"""What a worker does meanwhile: builds of explanation sets, and rehearsals by programs."""

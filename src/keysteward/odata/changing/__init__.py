"""What the entity sets share that change something: bodies, and what is answered."""

"""Who may sign in and what as: users, API clients, their tokens and sessions."""

"""What the HTTP faces share: the server, bodies, sign-in, permissions, CSRF, request ids."""

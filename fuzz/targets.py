"""Every fuzz target, in the order in which they run."""

from fuzz import bodies, certificates, faces, keys, keystores, queries, recovery

TARGETS = {
    target.name: target
    for target in (
        *certificates.TARGETS,
        *keys.TARGETS,
        *keystores.TARGETS,
        *recovery.TARGETS,
        *queries.TARGETS,
        *bodies.TARGETS,
        *faces.TARGETS,
    )
}

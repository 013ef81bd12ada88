"""Every fuzz target, in the order in which they run."""

from fuzz import certificates, keys, keystores, recovery

TARGETS = {
    target.name: target
    for target in (
        *certificates.TARGETS,
        *keys.TARGETS,
        *keystores.TARGETS,
        *recovery.TARGETS,
    )
}

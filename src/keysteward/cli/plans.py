"""How plans and refusals of uploads and rollbacks look to scripts."""

from keysteward.cli import output
from keysteward.cli.desk_values import Planned
from keysteward.problems import Problem


def rejected_json(problem: Problem) -> dict[str, object]:
    """Return what a refused response amounts to."""
    return {
        "outcome": "reject",
        "chain": [],
        "notices": [],
        "not_checked": [],
        "problem": output.problem_json(problem),
    }


def refused_json(alias: str, problem: Problem) -> dict[str, object]:
    """Return a refused change of an entry."""
    return {**rejected_json(problem), "alias": alias, "version": None}


def plan_json(planned: Planned, *, dry_run: bool) -> dict[str, object]:
    """Return a plan, carried out or not."""
    plan = planned.plan
    return {
        "outcome": plan.outcome,
        "chain": output.chain_json(plan.chain),
        "notices": output.notices_json(plan.notices),
        "not_checked": [],
        "problem": None,
        "alias": plan.alias,
        "version": planned.version,
        "replaced_version": plan.base_version,
        "plan": planned.digest,
        "dry_run": dry_run,
    }

"""Our own signing responses: every row of the outcome table, triggering and just not triggering.

All of it is made anew in each run; nothing lies in files. The cases are in groups by the row of the
table in design.md section 3 that they belong to; each says what must become of it, exactly.
"""

from itertools import chain

from tests.corpus import chains, comparisons, files, rules

CASES = tuple(
    chain(
        files.files(),
        files.complexity(),
        chains.choice(),
        chains.chains(),
        rules.overridden(),
        rules.validity(),
        rules.signatures(),
        rules.usages(),
        rules.oddities(),
        rules.second_opinion(),
        comparisons.request(),
        comparisons.loss(),
        comparisons.same_again(),
        comparisons.completion(),
    )
)

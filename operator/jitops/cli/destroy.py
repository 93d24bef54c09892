"""`jitops destroy`: delete everything that a local state records."""

from __future__ import annotations

from jitops.cli.local_pass import DEFAULT_DELETIONS, MaxDeletions, State, Timeout, Yes, carry_out, consent, refusals
from jitops.cli.terminal import command_app
from jitops.local.apply import prepare_destroy
from jitops.local.folder import StateFolder
from jitops.local.progress import console, print_line

app = command_app()


@app.command()
def destroy(
    *,
    state: State,
    yes: Yes = False,
    max_deletions: MaxDeletions = DEFAULT_DELETIONS,
    timeout: Timeout = 120,
) -> None:
    """Delete everything that a local state records.

    What would be deleted is shown first. The folder itself stays, with its identity. Exit code 0: all is deleted; 1:
    something is not; 2: nothing was done, because the state or the deletions were refused.
    """
    output = console()
    with refusals(), StateFolder.open(state) as folder:
        prepared = prepare_destroy(folder, consent(output, max_deletions, yes=yes))
        carry_out(prepared, output, timeout)
    print_line(output, f"all is deleted: {len(prepared.deleted.resources)} resources")

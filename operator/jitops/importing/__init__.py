"""`jitops import`: manifests for what exists at a remote, to be adopted with `adopt: Match`. Nothing is changed there.

`reading` lists the remote, `jitsu` and `jitterbit` turn its objects into manifests, `checking` leaves out what no spec
can hold, `writing` writes the YAML, `command` reports failures as sentences.
"""

"""The one way to any remote: HTTP with budgets, circuit breakers and masked secrets.

One call of `client.Http.request` takes these steps:

1. breaker (`breaker`): raise Unavailable while the host fails, or while the remote refuses writes;
2. budget (`budget`): reserve a turn of the key, wait up to a second for it, or raise RateLimited;
3. gate: before a write, ask whether this process holds the Lease;
4. request (`transport`): send it once over the host's shared sockets; a read is repeated after an idle disconnect;
5. classification (`exchange`): the vendor turns a failure into one of the errors of `jitops.core.errors`;
6. redaction (`redaction`): mask all known secrets in the error's message before it leaves this package.
"""

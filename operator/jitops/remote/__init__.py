"""One way to any remote: HTTP with budgets, circuit breakers and masked secrets."""

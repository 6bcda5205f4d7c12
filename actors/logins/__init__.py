"""The login broker: the only owner of logins. One login a host serves all workers."""

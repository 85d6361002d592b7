"""Second readers, one file each. None is shipped: a text would leave the site, which the trial's ethics committee has to have approved."""
